"""The order of options: shuffled for each student, except where the order carries meaning."""

from __future__ import annotations

import random
import re

from question_bank.item import CODE, MULTIPLE, SINGLE, Item, replace
from question_bank.lint.text import amount
from question_bank.options import number_in

# Options that refer to other options by position, and scales with a conventional order.
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
    """Whether the options must keep their order: numbers, a scale, or words that refer to a position."""
    texts = [o.text for o in item.options]
    return numbers(item) or any(_PLACED.search(t) for t in texts) or any(_words(texts) <= scale for scale in _SCALES)


def numbers(item: Item) -> bool:
    """Whether every option is a number, with or without a unit."""
    return all(_value(o.text) is not None for o in item.options)


def arranged(item: Item, seed: str) -> Item:
    """Return ``item`` with its options in the order that the seed decides; numbers ascend.

    The order depends on the seed and on the original positions, never on which option is right.
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
    quantity = amount(text)
    if quantity is not None:
        return quantity[0]
    return number_in(text)


def _words(texts: list[str]) -> set[str]:
    return {" ".join(t.casefold().split()).rstrip(".") for t in texts}
