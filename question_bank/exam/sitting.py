"""Sittings of an exam, worked out from what happened: until when a student may answer, and which answers count.

Nothing here is stored.  Events and answers are kept as they came, with the server's time; more time that is given
afterwards therefore counts answers that came too late before.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from question_bank.exam.blueprint import Exam

BEGUN, SUBMITTED, REOPENED, EXTENDED = "begun", "submitted", "reopened", "extended"
ANNOUNCED, RELEASED, WITHDRAWN, NOTED = "announced", "released", "withdrawn", "noted"
EVENTS = (BEGUN, SUBMITTED, REOPENED, EXTENDED, ANNOUNCED, RELEASED, WITHDRAWN, NOTED)

EARLY, READY, WORKING, DONE, ENDED, MISSED = PHASES = ("early", "ready", "working", "done", "ended", "missed")


@dataclass(frozen=True)
class Event:
    """Something that happened; ``student`` is "" where it concerns everybody, ``by`` is the instructor who did it."""

    number: int
    student: str
    kind: str
    at: datetime.datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""


@dataclass(frozen=True)
class Saved:
    """An answer as it came; ``seconds`` is the time spent on the item so far, as the browser says, or None."""

    number: int
    student: str
    sitting: int
    name: str
    response: Any
    flagged: bool
    seconds: float | None
    at: datetime.datetime


@dataclass(frozen=True)
class Sitting:
    """One time that a student sits the exam.

    Attributes:
      number: From 1.
      ends: When working time is up, without the grace.
      submitted: When it was handed in; None while it is open, or after time ran out.
      spans: When answers counted: from, and to (None: until ``ends`` and the grace).
    """

    number: int
    begun: datetime.datetime
    ends: datetime.datetime
    submitted: datetime.datetime | None
    spans: tuple[tuple[datetime.datetime, datetime.datetime | None], ...]
    grace: datetime.timedelta

    def counts(self, at: datetime.datetime) -> bool:
        """Whether an answer that came at this moment counts."""
        last = self.ends + self.grace
        return any(start <= at <= (last if end is None else min(end, last)) for start, end in self.spans)

    def late(self, at: datetime.datetime) -> bool:
        """Whether it came within the grace."""
        return at > self.ends

    def handed_in(self) -> datetime.datetime:
        """When it was handed in, or else when time ran out."""
        return self.submitted or self.ends


def sittings(exam: Exam, student: str, events: Iterable[Event]) -> tuple[Sitting, ...]:
    """The sittings of a student, oldest first; ``events`` of the student and of everybody, oldest first."""
    found: list[Sitting] = []
    more = datetime.timedelta()
    for event in events:
        if event.student not in ("", student):
            continue
        minutes = datetime.timedelta(minutes=float(event.data.get("minutes", 0)))
        last = found[-1] if found else None
        if event.kind == BEGUN and event.student:
            ends = _ends(exam, student, event.at, more)
            grace = datetime.timedelta(seconds=exam.grace)
            found.append(Sitting(len(found) + 1, event.at, ends, None, ((event.at, None),), grace))
        elif event.kind == EXTENDED:
            more += minutes
            if last is not None:
                found[-1] = replace(last, ends=last.ends + minutes)
        elif last is not None and event.kind == SUBMITTED and event.student and last.submitted is None:
            spans = (*last.spans[:-1], (last.spans[-1][0], event.at))
            found[-1] = replace(last, submitted=event.at, spans=spans)
        elif last is not None and event.kind == REOPENED and event.student:
            spans = last.spans if last.submitted is None else (*last.spans, (event.at, None))
            found[-1] = replace(last, submitted=None, spans=spans, ends=max(last.ends, event.at + minutes))
    return tuple(found)


def phase(exam: Exam, student: str, events: Sequence[Event], now: datetime.datetime) -> tuple[str, Sitting | None]:
    """Where a student stands, and the sitting it is about: the running one, else the last.

    Phases: "early" (the window is not open), "ready" (may begin), "working", "done" (handed in), "ended" (time ran
    out) and "missed" (the window closed before the first sitting).
    """
    sat = sittings(exam, student, events)
    last = sat[-1] if sat else None
    if last is not None and last.submitted is None and now <= last.ends:
        return WORKING, last
    if last is not None:
        return (ENDED if last.submitted is None else DONE), last
    if exam.opens and now < exam.opens:
        return EARLY, None
    return (READY, None) if may_begin(exam, student, events, now) else (MISSED, None)


def may_begin(exam: Exam, student: str, events: Sequence[Event], now: datetime.datetime) -> bool:
    """Whether a (further) sitting may begin now: none runs, attempts are left, the window is open, keys are not out."""
    sat = sittings(exam, student, events)
    if sat and sat[-1].submitted is None and now <= sat[-1].ends + sat[-1].grace:
        return False
    opened = exam.opens is None or exam.opens <= now
    closed = exam.closes is not None and now >= _closes(exam, events, student)
    return opened and not closed and len(sat) < exam.attempts and not released(events)


def counted(sitting: Sitting, answers: Iterable[Saved]) -> dict[str, Saved]:
    """The answer that counts for each item: the newest that came while the sitting was open."""
    return {a.name: a for a in answers if a.sitting == sitting.number and sitting.counts(a.at)}


def newest(sitting: Sitting, answers: Iterable[Saved]) -> dict[str, Saved]:
    """The last answer of each item, in time or not: what the student sees."""
    return {a.name: a for a in answers if a.sitting == sitting.number}


def released(events: Iterable[Event]) -> bool:
    """Whether students may see marks and explanations."""
    state = False
    for event in events:
        if event.kind in (RELEASED, WITHDRAWN):
            state = event.kind == RELEASED
    return state


def _ends(exam: Exam, student: str, begun: datetime.datetime, more: datetime.timedelta) -> datetime.datetime:
    """Who begins late has until the window closes; accommodations reach beyond it."""
    minutes = exam.minutes_for(student)
    ends = begun + datetime.timedelta(minutes=minutes)
    if exam.closes is not None:
        ends = min(ends, exam.closes + datetime.timedelta(minutes=minutes - exam.minutes))
    return ends + more


def _closes(exam: Exam, events: Iterable[Event], student: str) -> datetime.datetime:
    """Who was given more time may also begin that much later."""
    assert exam.closes is not None
    given = (e for e in events if e.kind == EXTENDED and e.student in ("", student))
    return exam.closes + datetime.timedelta(minutes=sum(float(e.data.get("minutes", 0)) for e in given))
