"""Mark forms.  Marks are computed from form, responses, rules and decisions about keys each time; nothing is stored.

A total is never below 0 unless the exam allows it.  If an item is dropped, the remaining items are scaled to the points
of the whole form, so that every form keeps its worth.  Sums are rounded once, at the end, to hundredths (half up).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form, PlacedItem
from autograder.exam.rekey import ACCEPT, CREDIT, DROP, Rekey, in_force, variants
from autograder.exam.toml_fields import ExamError
from question_bank.item import CODE, MULTIPLE, NUMERIC, SINGLE, Item, Number
from question_bank.marking import PLAIN, Rules, mark, read_number, within

MAX_BYTES = 500_000_000

Responses = Mapping[str, Any]  # answer name → response, as ``form.ShownItem`` describes it


@dataclass(frozen=True)
class Mark:
    """The mark of one item or programming task.

    Attributes:
      name: Name of the answer, or slug of the task.
      item: Id of the item, or slug of the task.
      points: Points earned, not rounded; may be below 0 if wrong choices cost points.
      possible: Points for a fully correct answer.
      counts: False for a dropped item.
      notes: Feedback on this answer for the student: why the number or the option is wrong.
      decided: Decisions about the key, as texts.
      waits: True for a task that has not been judged yet.
    """

    name: str
    item: str
    points: float
    possible: float
    answered: bool
    counts: bool = True
    notes: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class MarkedForm:
    """A marked form: ``points`` out of ``possible``, both rounded to hundredths."""

    exam: str
    student: str
    marks: tuple[Mark, ...]
    points: float
    possible: float


@dataclass(frozen=True)
class MarkChange:
    """A change of a student's total by a decision, and the items that caused it."""

    student: str
    before: float
    after: float
    why: tuple[str, ...]


def mark_form(
    form: Form,
    responses: Responses,
    rules: Rules = PLAIN,
    *,
    negative: bool = False,
    rekeys: Sequence[Rekey] = (),
    tasks: Mapping[str, float] | None = None,
) -> MarkedForm:
    """Mark a form.

    Args:
      responses: The responses as sent.  A malformed response earns nothing; names that the form lacks are ignored.
      rules: Rules for marking.
      negative: Whether the total may be below 0.
      rekeys: Decisions about keys, oldest first.
      tasks: Slug of an assignment → share of its points earned, 0 to 1.  Tasks without an entry wait.
    """
    marks = [mark_placed(placed, responses.get(placed.name), rules, rekeys) for placed in form.placed]
    for task in form.tasks:
        share = (tasks or {}).get(task.assignment)
        earned = 0.0 if share is None else min(1.0, max(0.0, share)) * task.points
        marks.append(
            Mark(task.assignment, task.assignment, earned, task.points, share is not None, waits=share is None)
        )
    possible = sum(mark.possible for mark in marks)
    counting = sum(mark.possible for mark in marks if mark.counts)
    earned = sum(mark.points for mark in marks if mark.counts)
    total = earned * possible / counting if counting else 0.0
    return MarkedForm(
        form.exam, form.student, tuple(marks), rounded(total if negative else max(0.0, total)), rounded(possible)
    )


def mark_exam(
    exam: Exam,
    forms: Sequence[Form],
    responses: Mapping[str, Responses],
    rekeys: Sequence[Rekey] = (),
    tasks: Mapping[str, Mapping[str, float]] | None = None,
) -> list[MarkedForm]:
    """Mark every form by the rules of its exam; a student without responses earns nothing."""
    return [
        mark_form(
            form,
            responses.get(form.student, {}),
            exam.rules,
            negative=exam.negative,
            rekeys=rekeys,
            tasks=(tasks or {}).get(form.student),
        )
        for form in forms
    ]


def mark_placed(placed: PlacedItem, response: Any, rules: Rules = PLAIN, rekeys: Sequence[Rekey] = ()) -> Mark:
    """Mark one answer by its item and by later decisions about the key."""
    item, decisions = placed.item, in_force(rekeys, placed.item)
    keys = [item]
    for decision in decisions:
        if decision.action == ACCEPT and decision.item == item.id:
            keys += variants(item, decision.option)
    share = max(mark(key, response, rules) for key in keys)
    actions = {decision.action for decision in decisions}
    if CREDIT in actions:
        share = 1.0
    return Mark(
        placed.name,
        item.id,
        share * placed.points,
        placed.points,
        is_answered(response),
        DROP not in actions,
        tuple(notes(item, response)) if share < 1 else (),
        tuple(_describe(decision) for decision in decisions),
    )


def notes(item: Item, response: Any) -> list[str]:
    """Feedback on a wrong answer: that of the chosen options, or of the known slip that leads to the number."""
    if item.kind in (SINGLE, CODE, MULTIPLE):
        chosen = [response] if type(response) is int else response if isinstance(response, list | tuple | set) else []
        picked = sorted({n for n in chosen if type(n) is int and 0 <= n < len(item.options)})
        return [item.options[n].feedback for n in picked if not item.options[n].correct and item.options[n].feedback]
    if item.kind == NUMERIC and item.number is not None and isinstance(response, str):
        value = read_number(response)
        if value is None:
            return ["This could not be read as a number."] if response.strip() else []
        key = item.number
        near = [
            s for s in key.slips if within(value, Number(s.value, key.tolerance, "", (), key.relative, key.figures))
        ]
        return [min(near, key=lambda s: abs(s.value - value)).feedback] if near else []
    return []


def is_answered(response: Any) -> bool:
    """Whether a response contains any answer."""
    if isinstance(response, str):
        return bool(response.strip())
    if isinstance(response, list | tuple | set | frozenset):
        return any(is_answered(part) for part in response if not isinstance(part, list | tuple | set | frozenset))
    return type(response) is int


def mark_changes(before: Sequence[MarkedForm], after: Sequence[MarkedForm]) -> list[MarkChange]:
    """The students whose totals differ, with the items that caused it."""
    changes = []
    for old, new in zip(before, after, strict=True):
        if old.points == new.points:
            continue
        why = []
        for a, b in zip(old.marks, new.marks, strict=True):
            if (a.points, a.counts) == (b.points, b.counts):
                continue
            decision = b.decided[-1] if b.decided else "an earlier decision was withdrawn"
            change = (
                f"{rounded(b.points - a.points):+g}"
                if a.counts == b.counts
                else "no longer counts"
                if a.counts
                else "counts again"
            )
            why.append(f"{b.name} ({b.item}): {change}; {decision}")
        changes.append(MarkChange(new.student, old.points, new.points, tuple(why)))
    return changes


def rounded(points: float) -> float:
    """Round to hundredths, half away from 0; a half that is inexact only through float error counts as half."""
    return float(Decimal(repr(round(points, 9))).quantize(Decimal("0.01"), ROUND_HALF_UP)) + 0.0


def read_responses(path: Path) -> dict[str, dict[str, Any]]:
    """Read exported responses: student → answer name → response.  Raises ExamError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ExamError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(answers, dict) for answers in data.values()):
        raise ExamError(f'{path}: expected {{"student": {{"q1": …}}}}')
    return data


def _describe(decision: Rekey) -> str:
    effects = {ACCEPT: f"“{decision.option}” is also accepted", CREDIT: "full points for everyone", DROP: "left out"}
    return f"{effects[decision.action]}: {decision.reason} ({decision.by})"
