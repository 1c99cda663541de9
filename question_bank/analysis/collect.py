"""From an exam's forms and responses to the answers that are analysed; marks come from the exam's own rules."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from question_bank.analysis.table import Answer
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form, Placed
from question_bank.exam.marks import mark_placed
from question_bank.exam.rekey import ACCEPT, Rekey, in_force
from question_bank.item import Item, digest

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def collect(
    exam: Exam,
    forms: Sequence[Form],
    responses: Mapping[str, Mapping[str, Any]],
    rekeys: Sequence[Rekey] = (),
    times: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Answer]:
    """One answer for each student who sent something, and item that counts.

    Decisions about keys are in force: dropped items are left out, accepted options are keys.  What a wrong choice costs
    is a rule of the exam, not of the item: below nothing counts as nothing here.

    Args:
      times: Student → answer name → seconds.
    """
    answers = []
    for form in forms:
        given = responses.get(form.student)
        if not given:
            continue  # was not there: says nothing about items
        for place, one in enumerate(form.placed, 1):
            mark = mark_placed(one, given.get(one.name), exam.rules, rekeys)
            if not mark.counts or not one.points > 0:
                continue
            seconds = (times or {}).get(form.student, {}).get(one.name, math.nan)
            share = min(1.0, max(0.0, mark.points / one.points))
            answers.append(_answer(form.student, one, given.get(one.name), share, rekeys, seconds, place))
    return answers


def stems(forms: Sequence[Form]) -> dict[str, str]:
    """Item, and template by one of its draws → its words."""
    found: dict[str, str] = {}
    for form in forms:
        for one in form.placed:
            found.setdefault(one.item.group if _is_template(one.item) else one.item.id, one.item.stem)
    return found


def draw_name(item: Item) -> str:
    """The numbers in the question: the same numbers are the same draw."""
    numbers = _NUMBER.findall(f"{item.stem} {item.code}")
    return ", ".join(numbers[:12]) or digest(item.stem, item.code)


def _is_template(item: Item) -> bool:
    return item.origin == "template" and bool(item.group)


def _answer(
    student: str, one: Placed, response: Any, share: float, rekeys: Sequence[Rekey], seconds: float, place: int
) -> Answer:
    item = one.item
    accepted = [d.option for d in in_force(rekeys, item) if d.action == ACCEPT]
    texts = tuple(o.text for o in item.options)
    return Answer(
        student,
        item.id,
        share,
        one.points,
        item.group if _is_template(item) else "",
        draw_name(item) if _is_template(item) else "",
        _words(item, response),
        (*item.keys, *(t for t in accepted if t in texts)),
        texts,
        seconds,
        place,
    )


def _words(item: Item, response: Any) -> tuple[str, ...]:
    """A response in the words of the item, whatever the order of its options was."""
    parts = list(response) if isinstance(response, list | tuple) else [response]
    if item.options:
        picked = [n for n in parts if type(n) is int and 0 <= n < len(item.options)]
        return tuple(item.options[n].text for n in picked)
    words = tuple(" ".join(p.split())[:200] for p in parts if isinstance(p, str))
    return words if any(words) else ()
