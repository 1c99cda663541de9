"""The roster of a served exam: the state and progress of every student, with one query for each table."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.exam import sitting as phases
from autograder.exam.form import ShownItem
from autograder.exam.responses import by_student
from autograder.exam.server import sheet
from autograder.exam.server.context import ExamContext
from autograder.exam.sitting import Event, Sitting, StoredResponse, sittings, sort_answers

NO_CODE, AWAY, READY, WORKING, DONE, OVER, MISSED = STATES = (
    "no-code",
    "away",
    "ready",
    "working",
    "done",
    "over",
    "missed",
)
STATE_NAMES = {
    NO_CODE: "No code yet",
    AWAY: "Not signed in",
    READY: "Not begun",
    WORKING: "Working",
    DONE: "Handed in",
    OVER: "Time is up",
    MISSED: "Missed",
}
IDLE_SECONDS = 600


@dataclass(frozen=True)
class Progress:
    """Progress in a sitting, counted in items.

    Attributes:
      items: Items in the form.
      answered: Items whose answer counts and is complete.
      flagged: Items that the student flagged.
      late: Items whose answer arrived within the grace period.
      after_time: Items with an answer that arrived too late to count.
    """

    items: int
    answered: int = 0
    flagged: int = 0
    late: int = 0
    after_time: int = 0


@dataclass(frozen=True)
class RosterLine:
    """One student at a moment; times refer to the running sitting, or else to the last one.

    Attributes:
      until: When the student handed in, or when the time is up.
      seconds_left: Seconds until the time is up; negative afterwards.
      saved: Time of the last answer.
      idle: Whether the student is working but has not saved anything for ``IDLE_SECONDS``.
      notes: Number of unexpected requests.
    """

    student: str
    name: str
    state: str
    begun: datetime.datetime | None
    until: datetime.datetime | None
    seconds_left: float
    saved: datetime.datetime | None
    idle: bool
    notes: int
    progress: Progress


@dataclass(frozen=True)
class RosterSnapshot:
    """All students at a moment, and the events that concern the whole class."""

    now: datetime.datetime
    lines: Sequence[RosterLine]
    events: Sequence[Event]


def take_snapshot(context: ExamContext, only: str | None = None) -> RosterSnapshot:
    """The state of every student, or of ``only`` one, now."""
    store, now = context.responses, context.now()
    events, latest = events_of(context, only), by_student(store.latest(only))
    students = context.forms if only is None else [only]
    phase_of = {student: phases.phase(context.exam, student, events[student], now) for student in students}
    # The newest answer is the one that counts, unless an answer arrived too late or while the sitting was closed.
    unclear = [s for s, (_, last) in phase_of.items() if last and _needs_history(last, latest.get(s, ()))]
    answers = {**latest, **(by_student(store.answers(unclear)) if unclear else {})}
    with_code, signed_in = context.sign_ins.students_with_code(), context.sign_ins.last_sign_in()
    notes = store.note_counts()
    lines = []
    for student, (phase, last) in phase_of.items():
        saved = max((answer.at for answer in latest.get(student, ())), default=None)
        begun = last.begun if last else None
        active = max((at for at in (saved, begun) if at), default=now)
        items = context.shown(student)
        lines.append(
            RosterLine(
                student=student,
                name=context.names.get(student, ""),
                state=_state(phase, student in with_code, student in signed_in),
                begun=begun,
                until=last.handed_in() if last else None,
                seconds_left=(last.ends - now).total_seconds() if last else 0.0,
                saved=saved,
                idle=phase == phases.WORKING and (now - active).total_seconds() >= IDLE_SECONDS,
                notes=notes.get(student, 0),
                progress=_progress(last, answers.get(student, ()), items) if last else Progress(len(items)),
            )
        )
    return RosterSnapshot(now, lines, events[""])


def events_of(context: ExamContext, only: str | None = None) -> dict[str, list[Event]]:
    """Student → events of the student and of the whole class, oldest first; under "" those of the whole class."""
    events = by_student(context.responses.events(only, notes=False))
    for_all = events.get("", [])
    students = context.forms if only is None else [only]
    merged = {s: sorted((*for_all, *events.get(s, ())), key=lambda event: event.number) for s in students}
    return {**merged, "": for_all}


def count_working(context: ExamContext) -> int:
    """The number of students whose next answer would still count."""
    now, events = context.now(), events_of(context)
    all_sittings = (sittings(context.exam, student, events[student]) for student in context.forms)
    return sum(student_sittings[-1].is_open(now) for student_sittings in all_sittings if student_sittings)


def students_are(count: int) -> str:
    """The beginning of a sentence: "1 student is", "2 students are"."""
    return "1 student is" if count == 1 else f"{count} students are"


def natural(text: str) -> tuple[Any, ...]:
    """A sort key that places s2 before s10."""
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p.casefold()) for p in re.split(r"(\d{1,18})", text) if p)


def _progress(sitting: Sitting, answers: Sequence[StoredResponse], items: Mapping[str, ShownItem]) -> Progress:
    sorted_answers = sort_answers(sitting, answers, items)
    return Progress(
        len(items),
        sum(sheet.state(items[name], answer) == sheet.ANSWERED for name, answer in sorted_answers.counted.items()),
        sum(answer.flagged for answer in sorted_answers.newest.values()),
        len(sorted_answers.late),
        len(sorted_answers.after_time),
    )


def _needs_history(sitting: Sitting, latest: Sequence[StoredResponse]) -> bool:
    """Whether earlier answers are needed to decide which ones count."""
    times = [answer.at for answer in latest if answer.sitting == sitting.number]
    # With a single span, the first and the last answer decide for all answers in between.
    return bool(times) and (len(sitting.spans) > 1 or not (sitting.counts(min(times)) and sitting.counts(max(times))))


def _state(phase: str, has_code: bool, signed_in: bool) -> str:
    if phase == phases.WORKING:
        return WORKING
    if phase in (phases.DONE, phases.ENDED):
        return DONE if phase == phases.DONE else OVER
    if phase == phases.MISSED:
        return MISSED
    return READY if signed_in else AWAY if has_code else NO_CODE
