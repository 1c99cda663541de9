"""The sittings of a student, derived from events: until when answers are accepted, and which answers count.

Nothing here is stored.  Events and answers are kept as they arrived, with the server's time.  If an instructor gives
extra time later, answers that had arrived too late therefore count.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from autograder.exam.blueprint import Exam

BEGUN, SUBMITTED, REOPENED, EXTENDED = "begun", "submitted", "reopened", "extended"
ANNOUNCED, RELEASED, WITHDRAWN, NOTED = "announced", "released", "withdrawn", "noted"
EVENTS = (BEGUN, SUBMITTED, REOPENED, EXTENDED, ANNOUNCED, RELEASED, WITHDRAWN, NOTED)

EARLY, READY, WORKING, DONE, ENDED, MISSED = PHASES = ("early", "ready", "working", "done", "ended", "missed")


class Timeliness(Enum):
    """Whether an answer arrived in time; the first two count."""

    IN_TIME = "in time"
    LATE = "late"  # after the working time, within the grace period
    AFTER_TIME = "after time"  # too late, or while the sitting was closed


@dataclass(frozen=True)
class Event:
    """An event of the exam.

    Attributes:
      student: The student concerned; "" for the whole class.
      by: The instructor who caused it; "" for the student.
    """

    number: int
    student: str
    kind: str
    at: datetime.datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""


@dataclass(frozen=True)
class StoredResponse:
    """An answer as it arrived.

    Attributes:
      number: Its number in the store; later answers have higher numbers.
      seconds: Time spent on the item so far, as reported by the browser, or ``None``.
    """

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
    """One attempt of a student at the exam.

    Attributes:
      number: From 1.
      ends: End of the working time, without the grace period.
      submitted: When the student handed in; ``None`` while the sitting is open and after time ran out.
      spans: Intervals in which answers count: start, and end (``None`` for ``ends`` plus the grace period).
    """

    number: int
    begun: datetime.datetime
    ends: datetime.datetime
    submitted: datetime.datetime | None
    spans: tuple[tuple[datetime.datetime, datetime.datetime | None], ...]
    grace: datetime.timedelta

    def timeliness(self, at: datetime.datetime) -> Timeliness:
        """Whether an answer that arrived at this moment is in time."""
        last = self.ends + self.grace
        if not any(start <= at <= (last if end is None else min(end, last)) for start, end in self.spans):
            return Timeliness.AFTER_TIME
        return Timeliness.LATE if at > self.ends else Timeliness.IN_TIME

    def counts(self, at: datetime.datetime) -> bool:
        """Whether an answer that arrived at this moment counts."""
        return self.timeliness(at) is not Timeliness.AFTER_TIME

    def is_open(self, now: datetime.datetime) -> bool:
        """Whether an answer that arrives now would count: not handed in, and the grace period is not over."""
        return self.submitted is None and now <= self.ends + self.grace

    def handed_in(self) -> datetime.datetime:
        """When the student handed in, or when time ran out."""
        return self.submitted or self.ends


@dataclass(frozen=True)
class SortedAnswers:
    """The answers of one sitting.

    Attributes:
      counted: Item name → the answer that counts: the newest that arrived while answers counted.
      newest: Item name → the newest answer, in time or not: the one that the student sees.
      late: Names of items whose counted answer arrived within the grace period, sorted.
      after_time: Names of items with an answer that does not count, sorted.
    """

    counted: Mapping[str, StoredResponse]
    newest: Mapping[str, StoredResponse]
    late: tuple[str, ...]
    after_time: tuple[str, ...]


def sort_answers(sitting: Sitting, answers: Iterable[StoredResponse], names: Collection[str]) -> SortedAnswers:
    """Decide which answers of a sitting count.

    Args:
      answers: Answers of the student, oldest first; those of other sittings are ignored.
      names: Names of the items of the form; answers to other items are ignored.
    """
    mine = [answer for answer in answers if answer.sitting == sitting.number and answer.name in names]
    counted = {answer.name: answer for answer in mine if sitting.counts(answer.at)}
    return SortedAnswers(
        counted,
        {answer.name: answer for answer in mine},
        tuple(sorted(n for n, answer in counted.items() if sitting.timeliness(answer.at) is Timeliness.LATE)),
        tuple(sorted({answer.name for answer in mine if not sitting.counts(answer.at)})),
    )


def sittings(exam: Exam, student: str, events: Iterable[Event]) -> tuple[Sitting, ...]:
    """The sittings of a student, oldest first.

    Args:
      events: Events of the student and of the whole class, oldest first; those of other students are ignored.
    """
    sat: list[Sitting] = []
    extra = datetime.timedelta()
    for event in events:
        if event.student not in ("", student):
            continue
        minutes = datetime.timedelta(minutes=float(event.data.get("minutes", 0)))
        last = sat[-1] if sat else None
        if event.kind == BEGUN and event.student:
            ends = _end(exam, student, event.at, extra)
            grace = datetime.timedelta(seconds=exam.grace)
            sat.append(Sitting(len(sat) + 1, event.at, ends, None, ((event.at, None),), grace))
        elif event.kind == EXTENDED:
            extra += minutes
            if last is not None:
                sat[-1] = replace(last, ends=last.ends + minutes)
        elif last is not None and event.kind == SUBMITTED and event.student and last.submitted is None:
            spans = (*last.spans[:-1], (last.spans[-1][0], event.at))
            sat[-1] = replace(last, submitted=event.at, spans=spans)
        elif last is not None and event.kind == REOPENED and event.student:
            spans = last.spans if last.submitted is None else (*last.spans, (event.at, None))
            sat[-1] = replace(last, submitted=None, spans=spans, ends=max(last.ends, event.at + minutes))
    return tuple(sat)


def phase(exam: Exam, student: str, events: Sequence[Event], now: datetime.datetime) -> tuple[str, Sitting | None]:
    """The phase of a student, and the sitting it refers to: the running one, or else the last.

    Phases: "early" (the window is not open yet), "ready" (may begin), "working", "done" (handed in), "ended" (time ran
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
    """Whether a (further) sitting may begin now.

    That is the case while no sitting is open, attempts are left, the window is open, and feedback is not released.
    """
    sat = sittings(exam, student, events)
    if sat and sat[-1].is_open(now):
        return False
    opened = exam.opens is None or exam.opens <= now
    closed = exam.closes is not None and now >= _closing_time(exam, events, student)
    return opened and not closed and len(sat) < exam.attempts and not released(events)


def released(events: Iterable[Event]) -> bool:
    """Whether students may see marks and explanations."""
    state = False
    for event in events:
        if event.kind in (RELEASED, WITHDRAWN):
            state = event.kind == RELEASED
    return state


def _end(exam: Exam, student: str, begun: datetime.datetime, extra: datetime.timedelta) -> datetime.datetime:
    """The end of the working time.  The window cuts it short for late starters; accommodations extend beyond it."""
    minutes = exam.minutes_for(student)
    end = begun + datetime.timedelta(minutes=minutes)
    if exam.closes is not None:
        end = min(end, exam.closes + datetime.timedelta(minutes=minutes - exam.minutes))
    return end + extra


def _closing_time(exam: Exam, events: Iterable[Event], student: str) -> datetime.datetime:
    """The end of the window for a student; extra time extends it as well."""
    assert exam.closes is not None
    extensions = (e for e in events if e.kind == EXTENDED and e.student in ("", student))
    return exam.closes + datetime.timedelta(minutes=sum(float(e.data.get("minutes", 0)) for e in extensions))
