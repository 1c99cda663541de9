"""Simulated answers of a student with a given ability.

Whether an answer is right follows a logistic model with the difficulty stated in the bank; a wrong answer is a
distractor, a known slip, or no answer.  The same seed gives the same answers.

References:
  G. Rasch: Probabilistic Models for Some Intelligence and Attainment Tests (1960); here with a common slope.
"""

from __future__ import annotations

import math
import random
from typing import Any

from autograder.exam.form import Form, show
from autograder.exam.inputs import Fields, fill
from question_bank.item import CLOZE, MATCHING, MULTIPLE, NUMERIC, ORDERING, Item

LEFT_OUT = 0.08  # share of omitted items among those that the student does not know
SLOPE = 1.3  # common discrimination of all items


def answers(form: Form, ability: float, seed: str) -> dict[str, tuple[Fields, float]]:
    """Answer name → form fields as a page sends them, and seconds; omitted items have no entry."""
    chance = random.Random(seed)
    given: dict[str, tuple[Fields, float]] = {}
    for placed in form.placed:
        item, shown = placed.item, show(placed, form)
        hard = min(0.95, max(0.05, item.difficulty))
        knows = chance.random() < 1 / (1 + math.exp(SLOPE * (math.log(hard / (1 - hard)) - ability)))
        response = right(item) if knows else wrong(item, chance)
        if not knows and chance.random() < LEFT_OUT:
            continue
        fields = tuple((name.partition("=")[0], value) for name, value in fill(shown, response).items())
        given[placed.name] = (fields, round(chance.lognormvariate(math.log(30 + 60 * hard), 0.4), 1))
    return given


def right(item: Item) -> Any:
    """A response that earns full points."""
    if item.options:
        keys = [n for n, option in enumerate(item.options) if option.correct]
        return keys if item.kind == MULTIPLE else keys[0]
    if item.kind == NUMERIC and item.number is not None:
        return repr(item.number.value)
    if item.kind == MATCHING:
        return [pair.right for pair in item.pairs]
    if item.kind == ORDERING:
        return list(item.steps)
    if item.kind == CLOZE:
        return [gap[0] for gap in item.gaps]
    return item.accepted[0]


def wrong(item: Item, chance: random.Random) -> Any:
    """A response that does not earn full points."""
    if item.kind == MULTIPLE:
        flipped = chance.randrange(len(item.options))  # one choice too many, or one too few
        return sorted({n for n, option in enumerate(item.options) if option.correct} ^ {flipped})
    if item.options:
        return chance.choice([n for n, option in enumerate(item.options) if not option.correct])
    if item.kind == NUMERIC and item.number is not None:
        slips = [slip.value for slip in item.number.slips]
        return repr(chance.choice(slips) if slips else 2 * item.number.value + 1)
    if item.kind == MATCHING:
        rights = [pair.right for pair in item.pairs]
        return [*rights[1:], rights[0]]
    if item.kind == ORDERING:
        steps, n = list(item.steps), chance.randrange(len(item.steps) - 1)
        steps[n], steps[n + 1] = steps[n + 1], steps[n]
        return steps
    if item.kind == CLOZE:
        return [*(gap[0] for gap in item.gaps[:-1]), "no idea"]
    return "no idea"
