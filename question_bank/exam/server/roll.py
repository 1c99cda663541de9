"""The roll of a served exam: where every student stands, worked out from the store with a query for each table."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from question_bank.exam import sitting
from question_bank.exam.form import Shown
from question_bank.exam.responses import by_student
from question_bank.exam.server import sheet
from question_bank.exam.server.hall import Hall
from question_bank.exam.sitting import Event, Saved, Sitting

NO_CODE, AWAY, READY, WORKING, DONE, OVER, MISSED = STATES = (
    "no-code",
    "away",
    "ready",
    "working",
    "done",
    "over",
    "missed",
)
WORDS = {
    NO_CODE: "No code yet",
    AWAY: "Not signed in",
    READY: "Not begun",
    WORKING: "Working",
    DONE: "Handed in",
    OVER: "Time over",
    MISSED: "Missed it",
}
IDLE_SECONDS = 600


@dataclass(frozen=True)
class Work:
    """What was done in a sitting, counted in items.

    Attributes:
      answered: Their answer counts and is complete.
      late: Their answer came within the grace.
      after: An answer of them came when none counted.
    """

    items: int
    answered: int = 0
    flagged: int = 0
    late: int = 0
    after: int = 0


@dataclass(frozen=True)
class Line:
    """One student at a moment; times are of the running sitting, else of the last.

    Attributes:
      until: When it was handed in, or else when its time is up.
      left: Seconds to that; below 0 once it is over.
      saved: When an answer last came.
      idle: At work, and for long nothing came.
      notes: How many odd things were sent.
    """

    student: str
    name: str
    state: str
    begun: datetime.datetime | None
    until: datetime.datetime | None
    left: float
    saved: datetime.datetime | None
    idle: bool
    notes: int
    work: Work


@dataclass(frozen=True)
class Roll:
    """Everybody at a moment, with what was said and done to all."""

    now: datetime.datetime
    lines: Sequence[Line]
    events: Sequence[Event]


def call_roll(hall: Hall, only: str | None = None) -> Roll:
    """Where every student, or ``only`` one, stands now."""
    store, now = hall.responses, hall.now()
    events, latest = events_of(hall, only), by_student(store.latest(only))
    students = hall.forms if only is None else [only]
    stands = {student: sitting.phase(hall.exam, student, events[student], now) for student in students}
    # The newest answer is the one that counts, unless it came too late or while the sitting was closed.
    unclear = [s for s, (_, sat) in stands.items() if sat and _unclear(sat, latest.get(s, ()))]
    saved = {**latest, **(by_student(store.answers(unclear)) if unclear else {})}
    coded, signed, notes = store.coded(), store.signed_in(), store.noted()
    lines = []
    for student, (phase, sat) in stands.items():
        last = max((one.at for one in latest.get(student, ())), default=None)
        begun = sat.begun if sat else None
        since = max((at for at in (last, begun) if at), default=now)
        items = hall.shown(student)
        lines.append(
            Line(
                student=student,
                name=hall.names.get(student, ""),
                state=_state(phase, student in coded, student in signed),
                begun=begun,
                until=sat.handed_in() if sat else None,
                left=(sat.ends - now).total_seconds() if sat else 0.0,
                saved=last,
                idle=phase == sitting.WORKING and (now - since).total_seconds() >= IDLE_SECONDS,
                notes=notes.get(student, 0),
                work=_work(sat, saved.get(student, ()), items) if sat else Work(len(items)),
            )
        )
    return Roll(now, lines, events[""])


def events_of(hall: Hall, only: str | None = None) -> dict[str, list[Event]]:
    """Student → their events and those of everybody, oldest first; those of everybody also under ""."""
    mine = by_student(hall.responses.events(only, notes=False))
    to_all = mine.get("", [])
    students = hall.forms if only is None else [only]
    found = {s: sorted((*to_all, *mine.get(s, ())), key=lambda event: event.number) for s in students}
    return {**found, "": to_all}


def at_work(hall: Hall) -> int:
    """How many could still save an answer that counts."""
    now, events = hall.now(), events_of(hall)
    last = [sat[-1] for student in hall.forms if (sat := sitting.sittings(hall.exam, student, events[student]))]
    return sum(sat.submitted is None and now <= sat.ends + sat.grace for sat in last)


def _work(sat: Sitting, saved: Sequence[Saved], items: Mapping[str, Shown]) -> Work:
    mine = [one for one in saved if one.sitting == sat.number and one.name in items]
    newest, counted, after = {}, {}, set()
    for one in mine:
        newest[one.name] = one
        if sat.counts(one.at):
            counted[one.name] = one
        else:
            after.add(one.name)
    return Work(
        len(items),
        sum(sheet.state(items[name], one) == "answered" for name, one in counted.items()),
        sum(one.flagged for one in newest.values()),
        sum(sat.late(one.at) for one in counted.values()),
        len(after),
    )


def natural(text: str) -> tuple[Any, ...]:
    """A key that sorts s2 before s10."""
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p.casefold()) for p in re.split(r"(\d{1,18})", text) if p)


def _unclear(sat: Sitting, latest: Sequence[Saved]) -> bool:
    mine = [a.at for a in latest if a.sitting == sat.number]
    # One span: what is true of the first and the last is true of all.
    return bool(mine) and (len(sat.spans) > 1 or not (sat.counts(min(mine)) and sat.counts(max(mine))))


def _state(phase: str, coded: bool, signed: bool) -> str:
    if phase == sitting.WORKING:
        return WORKING
    if phase in (sitting.DONE, sitting.ENDED):
        return DONE if phase == sitting.DONE else OVER
    if phase == sitting.MISSED:
        return MISSED
    return READY if signed else AWAY if coded else NO_CODE
