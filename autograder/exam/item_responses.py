"""Collect the answers for item analysis from forms and responses, marked by the rules of the exam."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form, PlacedItem
from autograder.exam.marks import mark_placed
from autograder.exam.rekey import ACCEPT, Rekey, in_force
from question_bank.analysis.table import Answer
from question_bank.item import Item, digest

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def collect(
    exam: Exam,
    forms: Sequence[Form],
    responses: Mapping[str, Mapping[str, Any]],
    rekeys: Sequence[Rekey] = (),
    times: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Answer]:
    """One answer for each student who sent a response and each item that counts.

    Decisions about keys apply: dropped items are left out, and accepted options are keys.  A penalty for a wrong choice
    is a rule of the exam, not a property of the item, so negative shares count as 0 here.

    Args:
      times: Student → answer name → seconds.
    """
    answers = []
    for form in forms:
        given = responses.get(form.student)
        if not given:
            continue  # absent students carry no information about items
        for position, placed in enumerate(form.placed, 1):
            mark = mark_placed(placed, given.get(placed.name), exam.rules, rekeys)
            if not mark.counts or not placed.points > 0:
                continue
            seconds = (times or {}).get(form.student, {}).get(placed.name, math.nan)
            share = min(1.0, max(0.0, mark.points / placed.points))
            answers.append(_answer(form.student, placed, given.get(placed.name), share, rekeys, seconds, position))
    return answers


def stems(forms: Sequence[Form]) -> dict[str, str]:
    """Item id or template name → stem; for a template, the stem of one of its draws."""
    stem_of: dict[str, str] = {}
    for form in forms:
        for placed in form.placed:
            item = placed.item
            stem_of.setdefault(item.group if _is_template(item) else item.id, item.stem)
    return stem_of


def draw_name(item: Item) -> str:
    """The numbers in the question, which identify a draw of a template."""
    numbers = _NUMBER.findall(f"{item.stem} {item.code}")
    return ", ".join(numbers[:12]) or digest(item.stem, item.code)


def _is_template(item: Item) -> bool:
    return item.origin == "template" and bool(item.group)


def _answer(
    student: str,
    placed: PlacedItem,
    response: Any,
    share: float,
    rekeys: Sequence[Rekey],
    seconds: float,
    position: int,
) -> Answer:
    item = placed.item
    accepted = [d.option for d in in_force(rekeys, item) if d.action == ACCEPT]
    texts = tuple(o.text for o in item.options)
    return Answer(
        student,
        item.id,
        share,
        placed.points,
        item.group if _is_template(item) else "",
        draw_name(item) if _is_template(item) else "",
        _words(item, response),
        (*item.keys, *(t for t in accepted if t in texts)),
        texts,
        seconds,
        position,
    )


def _words(item: Item, response: Any) -> tuple[str, ...]:
    """A response as texts of the item, independent of the order of its options."""
    parts = list(response) if isinstance(response, list | tuple) else [response]
    if item.options:
        picked = [n for n in parts if type(n) is int and 0 <= n < len(item.options)]
        return tuple(item.options[n].text for n in picked)
    words = tuple(" ".join(p.split())[:200] for p in parts if isinstance(p, str))
    return words if any(words) else ()
