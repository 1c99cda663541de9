"""Marks of a form: worked out from form, responses, rules and decisions about keys, anew each time; nothing is stored.

A total is never below 0 unless the exam says so.  Where an item is dropped, what is left of the form counts for all of
its points, so that every form stays worth the same.  Sums are rounded once, at the end, to hundredths; half goes up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from question_bank.exam.blueprint import Exam
from question_bank.exam.fields import ExamError
from question_bank.exam.form import Form, Placed
from question_bank.exam.rekey import ACCEPT, CREDIT, DROP, Rekey, in_force, variants
from question_bank.item import CODE, MULTIPLE, NUMERIC, SINGLE, Item, Number
from question_bank.marking import PLAIN, Rules, mark, read_number, within

MAX_BYTES = 500_000_000

Responses = Mapping[str, Any]  # answer name → response, as ``form.Shown`` says


@dataclass(frozen=True)
class Mark:
    """What one item or task earned.

    Attributes:
      name: Of the answer, or slug of the task.
      item: Id of the item, or slug of the task.
      points: Not rounded; may be below 0 where wrong choices cost points.
      counts: False for a dropped item.
      notes: What to say to the student about this answer: why the number or the option is wrong.
      decided: What was decided about the key, in words.
      waits: A task that has not been judged.
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
class Marked:
    """A marked form; ``points`` of ``possible``."""

    exam: str
    student: str
    marks: tuple[Mark, ...]
    points: float
    possible: float


@dataclass(frozen=True)
class Moved:
    """A student whose total a decision changed, and by which items."""

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
) -> Marked:
    """Mark a form.

    Args:
      responses: Whatever was sent; what has the wrong form earns nothing, and names that the form lacks are ignored.
      negative: Whether the total may be below 0.
      tasks: Slug of an assignment → share of its points earned, 0 to 1; one that is missing waits.
    """
    marks = [mark_placed(one, responses.get(one.name), rules, rekeys) for one in form.placed]
    for task in form.tasks:
        share = (tasks or {}).get(task.assignment)
        earned = 0.0 if share is None else min(1.0, max(0.0, share)) * task.points
        marks.append(
            Mark(task.assignment, task.assignment, earned, task.points, share is not None, waits=share is None)
        )
    possible = sum(one.possible for one in marks)
    left = sum(one.possible for one in marks if one.counts)
    earned = sum(one.points for one in marks if one.counts)
    total = earned * possible / left if left else 0.0
    return Marked(
        form.exam, form.student, tuple(marks), rounded(total if negative else max(0.0, total)), rounded(possible)
    )


def mark_exam(
    exam: Exam,
    forms: Sequence[Form],
    responses: Mapping[str, Responses],
    rekeys: Sequence[Rekey] = (),
    tasks: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Marked]:
    """Mark every form by the rules of its exam; who sent nothing has earned nothing."""
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


def mark_placed(one: Placed, response: Any, rules: Rules = PLAIN, rekeys: Sequence[Rekey] = ()) -> Mark:
    """Mark one answer by its item and by what was decided about it since."""
    item, decisions = one.item, in_force(rekeys, one.item)
    keys = [item]
    for decision in decisions:
        if decision.action == ACCEPT and decision.item == item.id:
            keys += variants(item, decision.option)
    share = max(mark(key, response, rules) for key in keys)
    actions = {decision.action for decision in decisions}
    if CREDIT in actions:
        share = 1.0
    return Mark(
        one.name,
        item.id,
        share * one.points,
        one.points,
        is_answered(response),
        DROP not in actions,
        tuple(notes(item, response)) if share < 1 else (),
        tuple(_words(decision) for decision in decisions),
    )


def notes(item: Item, response: Any) -> list[str]:
    """What a wrong answer tells: the feedback of the options that were chosen, the known slip that a number shows."""
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
    """Whether a response says anything at all."""
    if isinstance(response, str):
        return bool(response.strip())
    if isinstance(response, list | tuple | set | frozenset):
        return any(is_answered(part) for part in response if not isinstance(part, list | tuple | set | frozenset))
    return type(response) is int


def moved(before: Sequence[Marked], after: Sequence[Marked]) -> list[Moved]:
    """Who has another total, with the items that did it."""
    found = []
    for old, new in zip(before, after, strict=True):
        if old.points == new.points:
            continue
        why = []
        for a, b in zip(old.marks, new.marks, strict=True):
            if (a.points, a.counts) == (b.points, b.counts):
                continue
            said = b.decided[-1] if b.decided else "an earlier decision was taken back"
            change = (
                f"{rounded(b.points - a.points):+g}"
                if a.counts == b.counts
                else "no longer counts"
                if a.counts
                else "counts again"
            )
            why.append(f"{b.name} ({b.item}): {change}; {said}")
        found.append(Moved(new.student, old.points, new.points, tuple(why)))
    return found


def rounded(points: float) -> float:
    """To hundredths, half goes up (away from 0); what is half but for the error of floats is half."""
    return float(Decimal(repr(round(points, 9))).quantize(Decimal("0.01"), ROUND_HALF_UP)) + 0.0


def read_responses(path: Path) -> dict[str, dict[str, Any]]:
    """Responses that were exported: student → answer name → response.  Raises ExamError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ExamError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(one, dict) for one in data.values()):
        raise ExamError(f'{path}: expected {{"student": {{"q1": …}}}}')
    return data


def _words(decision: Rekey) -> str:
    what = {ACCEPT: f"“{decision.option}” is accepted too", CREDIT: "all points for everybody", DROP: "left out"}
    return f"{what[decision.action]}: {decision.reason} ({decision.by})"
