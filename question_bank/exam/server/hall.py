"""The exam hall: what every page of a served exam needs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form, Shown, show
from question_bank.exam.rekey import Rekey
from question_bank.exam.responses import Responses
from question_bank.exam.sitting import Event, Sitting, phase

ANSWERS_A_MINUTE = 300  # requests of one session that store something
FAILURES_A_MINUTE = 30  # wrong codes from one address


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Hall:
    """One exam that is being served.

    Attributes:
      forms: Student → form.
      key: 32 secret bytes: codes and sessions are kept as hashes under it, cookies are signed with it.
      now: The server's clock; nothing a browser says about time is believed.
      rekeys: Decisions about keys, read anew for each feedback page.
      tasks: Student → assignment → share of its points, for the feedback page.
      names: Student → name, where a roster has one.
    """

    exam: Exam
    forms: Mapping[str, Form]
    responses: Responses
    key: bytes
    now: Callable[[], datetime.datetime] = utc_now
    rekeys: Callable[[], Sequence[Rekey]] = tuple
    tasks: Callable[[], Mapping[str, Mapping[str, float]]] = dict
    names: Mapping[str, str] = field(default_factory=dict)

    _shown: dict[str, Mapping[str, Shown]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shown(self, student: str) -> Mapping[str, Shown]:
        """What a student sees of each item, by name and in order; made once, as a form never changes while served."""
        if student not in self._shown:
            form = self.forms[student]
            self._shown[student] = {placed.name: show(placed, form) for placed in form.placed}
        return self._shown[student]

    def standing(self, student: str) -> Standing:
        """Where a student stands now."""
        events, now = self.responses.events(student), self.now()
        return Standing(student, now, events, *phase(self.exam, student, events, now))


@dataclass(frozen=True)
class Standing:
    """Where a student stands at a moment; see ``sitting.phase``."""

    student: str
    now: datetime.datetime
    events: Sequence[Event]
    phase: str
    sitting: Sitting | None

    @property
    def left(self) -> float:
        """Seconds of working time that are left; below 0 once it is over."""
        return (self.sitting.ends - self.now).total_seconds() if self.sitting else 0.0
