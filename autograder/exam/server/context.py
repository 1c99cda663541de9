"""The context of every request to a served exam: exam, forms, stores, keys and clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form, ShownItem, show
from autograder.exam.rekey import Rekey
from autograder.exam.responses import Responses
from autograder.exam.sign_in import SignIns
from autograder.exam.sitting import Event, Sitting, phase

ANSWERS_A_MINUTE = 300  # requests of one session that store something
FAILURES_A_MINUTE = 30  # wrong codes from one address


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class ExamContext:
    """A served exam.

    Attributes:
      forms: Student → form.
      key: 32 secret bytes: codes and sessions are stored as HMACs with this key, and cookies are signed with it.
      now: The server's clock; times reported by a browser are never trusted.
      rekeys: Returns the decisions about keys; called for each feedback page.
      tasks: Returns student → assignment → share of its points, for the feedback page.
      names: Student → name, if a roster gives one.
    """

    exam: Exam
    forms: Mapping[str, Form]
    responses: Responses
    sign_ins: SignIns
    key: bytes
    now: Callable[[], datetime.datetime] = utc_now
    rekeys: Callable[[], Sequence[Rekey]] = tuple
    tasks: Callable[[], Mapping[str, Mapping[str, float]]] = dict
    names: Mapping[str, str] = field(default_factory=dict)

    _shown: dict[str, Mapping[str, ShownItem]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shown(self, student: str) -> Mapping[str, ShownItem]:
        """Item name → the part of it that the student sees, in order; cached, because forms do not change."""
        if student not in self._shown:
            form = self.forms[student]
            self._shown[student] = {placed.name: show(placed, form) for placed in form.placed}
        return self._shown[student]

    def status(self, student: str) -> StudentStatus:
        """The status of a student now."""
        events, now = self.responses.events(student), self.now()
        return StudentStatus(student, now, events, *phase(self.exam, student, events, now))


@dataclass(frozen=True)
class StudentStatus:
    """The status of a student at a moment; see ``sitting.phase``."""

    student: str
    now: datetime.datetime
    events: Sequence[Event]
    phase: str
    sitting: Sitting | None

    @property
    def seconds_left(self) -> float:
        """Seconds of working time that are left; negative after the end."""
        return (self.sitting.ends - self.now).total_seconds() if self.sitting else 0.0
