"""The order of options: the student's own, unless the order says something."""

from __future__ import annotations

import random
import re

from question_bank.choosing import number_in
from question_bank.item import CODE, MULTIPLE, SINGLE, Item, replace
from question_bank.lint.text import amount

# Options that speak of others by their place, and answers that always stand in the same order.
_PLACED = re.compile(
    r"\b(all|none|both|neither|any|either|two|three|each)\b.{0,12}\b(above|below|these|those|them|options|answers|others)\b"
    r"|\b[A-H] (and|or|nor) [A-H]\b|\boptions? [A-H1-9]\b|\b(above|below)\s*\.?$",
    re.IGNORECASE,
)
_SCALES = (
    {"true", "false"},
    {"yes", "no"},
    {"never", "sometimes", "always"},
    {"low", "medium", "high"},
    {"decreases", "stays the same", "increases"},
)


def order_matters(item: Item) -> bool:
    """Whether the options must stay as they are: numbers, a scale, or words that point at a place."""
    texts = [o.text for o in item.options]
    return numbers(item) or any(_PLACED.search(t) for t in texts) or any(_words(texts) <= scale for scale in _SCALES)


def numbers(item: Item) -> bool:
    """Whether every option is a number, with a unit or not."""
    return all(_value(o.text) is not None for o in item.options)


def arranged(item: Item, seed: str) -> Item:
    """``item`` with its options in the order that the seed decides; numbers ascend.

    The order rests on the seed and on where the options stood, never on which of them is right.
    """
    if item.kind not in (SINGLE, MULTIPLE, CODE) or not item.options:
        return item
    if numbers(item):
        return replace(item, options=tuple(sorted(item.options, key=lambda o: _value(o.text) or 0.0)))
    if order_matters(item):
        return item
    options = list(item.options)
    random.Random(f"{seed}\x1foptions\x1f{item.id}").shuffle(options)
    return replace(item, options=tuple(options))


def _value(text: str) -> float | None:
    found = amount(text)
    if found is not None:
        return found[0]
    return number_in(text)


def _words(texts: list[str]) -> set[str]:
    return {" ".join(t.casefold().split()).rstrip(".") for t in texts}
