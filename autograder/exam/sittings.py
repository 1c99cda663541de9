"""Collect all sittings of an exam with the answers that count, for marking, the ledger and item analysis."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form
from autograder.exam.inputs import response_for_marking
from autograder.exam.responses import Responses, by_student
from autograder.exam.sitting import sittings, sort_answers


@dataclass(frozen=True)
class CollectedSitting:
    """One sitting of a student with the answers that count.

    Attributes:
      open: Whether an answer that arrives now would still count.
      responses: Answer name → response.
      seconds: Answer name → time spent on it, as reported by the browser.
      late: Names of answers that count and arrived within the grace period.
      after_time: Names of items with an answer that arrived too late and does not count.
    """

    student: str
    number: int
    begun: datetime.datetime
    handed_in: datetime.datetime
    open: bool
    responses: Mapping[str, Any]
    seconds: Mapping[str, float]
    late: tuple[str, ...]
    after_time: tuple[str, ...]


def collect_sittings(
    exam: Exam, forms: Sequence[Form], store: Responses, now: datetime.datetime
) -> list[CollectedSitting]:
    """Every sitting of every student with a form, by student and number."""
    events, answers = by_student(store.events()), by_student(store.answers())
    for_all = events.get("", [])
    collected = []
    for form in forms:
        student_events = sorted((*for_all, *events.get(form.student, ())), key=lambda event: event.number)
        names = {placed.name for placed in form.placed}
        for sitting in sittings(exam, form.student, student_events):
            sorted_answers = sort_answers(sitting, answers.get(form.student, ()), names)
            collected.append(
                CollectedSitting(
                    form.student,
                    sitting.number,
                    sitting.begun,
                    sitting.handed_in(),
                    sitting.is_open(now),
                    {
                        n: r
                        for n, a in sorted_answers.counted.items()
                        if (r := response_for_marking(a.response)) is not None
                    },
                    {n: a.seconds for n, a in sorted_answers.counted.items() if a.seconds is not None},
                    sorted_answers.late,
                    sorted_answers.after_time,
                )
            )
    return collected


def last_sittings(collected: Sequence[CollectedSitting]) -> dict[str, CollectedSitting]:
    """Student → the last sitting that has ended, or the open one if none has ended."""
    last: dict[str, CollectedSitting] = {}
    for sitting in collected:
        if sitting.student not in last or not sitting.open:
            last[sitting.student] = sitting
    return last
