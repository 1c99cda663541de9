"""What the browsers sent, as marking, the ledger and the analysis want it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form
from question_bank.exam.inputs import marked_as
from question_bank.exam.responses import Responses, by_student
from question_bank.exam.sitting import counted, sittings


@dataclass(frozen=True)
class Sat:
    """One sitting with the answers that count.

    Attributes:
      responses: Answer name → response.
      seconds: Answer name → time spent on it, as far as the browser said.
      late: Answers that came within the grace.
      left: Answers that came after it, and changed or added something: they do not count.
    """

    student: str
    number: int
    begun: datetime.datetime
    handed_in: datetime.datetime
    open: bool
    responses: Mapping[str, Any]
    seconds: Mapping[str, float]
    late: tuple[str, ...]
    left: tuple[str, ...]


def collect_sittings(exam: Exam, forms: Sequence[Form], store: Responses, now: datetime.datetime) -> list[Sat]:
    """Every sitting of every student who has a form, by student and number."""
    events, answers = store.events(), by_student(store.answers())
    to_all_and = by_student(events)
    found = []
    for form in forms:
        mine = sorted((*to_all_and.get("", ()), *to_all_and.get(form.student, ())), key=lambda e: e.number)
        saved = answers.get(form.student, [])
        names = {one.name for one in form.placed}
        for sitting in sittings(exam, form.student, mine):
            kept = {name: one for name, one in counted(sitting, saved).items() if name in names}
            after = {a.name for a in saved if a.sitting == sitting.number and not sitting.counts(a.at)}
            found.append(
                Sat(
                    form.student,
                    sitting.number,
                    sitting.begun,
                    sitting.handed_in(),
                    sitting.submitted is None and now <= sitting.ends + sitting.grace,
                    {n: r for n, a in kept.items() if (r := marked_as(a.response)) is not None},
                    {n: a.seconds for n, a in kept.items() if a.seconds is not None},
                    tuple(sorted(n for n, a in kept.items() if sitting.late(a.at))),
                    tuple(sorted(after & names)),
                )
            )
    return found


def last_sittings(sat: Sequence[Sat]) -> dict[str, Sat]:
    """Student → the last sitting that was ended, or else the one that still runs."""
    found: dict[str, Sat] = {}
    for one in sat:
        if one.student not in found or not one.open:
            found[one.student] = one
    return found
