"""A class that does not exist draws its forms: how fair they are, how often each item is met, how long they take.

Numbers of templates are not drawn: neither difficulty nor length depends on them.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from dataclasses import dataclass

from question_bank.exam.assemble import Choice, Plan, choose_units
from question_bank.exam.pool import Unit
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

# Seconds that a student in the middle of the class may need, by kind: rules of thumb (a minute for a choice, more where
# something is worked out or put together), good enough to see whether a form fits its time.
SECONDS = {SINGLE: 60, MULTIPLE: 75, NUMERIC: 150, SHORT: 45, MATCHING: 120, ORDERING: 90, CLOZE: 75, CODE: 150}
TEMPLATE_SECONDS = 120  # a choice among numbers that have to be worked out
LEVEL_FACTOR = {"remember": 0.8, "understand": 1.0, "apply": 1.25, "analyse": 1.5}


@dataclass(frozen=True)
class Exposure:
    """How many of the forms hold an item or a template."""

    name: str
    forms: int


@dataclass(frozen=True)
class DryRun:
    """What a simulated class met.

    Attributes:
      target, bound: Of the mean difficulty; ``difficulties`` has one for each form.
      exposures: Most often met first; fixed items are left out, since everybody meets them.
      minutes: Estimated for each form, without programming tasks.
      common: Mean share of a form's points that two students have in common.
    """

    students: int
    target: float
    bound: float
    difficulties: tuple[float, ...]
    exposures: tuple[Exposure, ...]
    minutes: tuple[float, ...]
    common: float

    @property
    def spread(self) -> float:
        return max(self.difficulties) - min(self.difficulties)


def dry_run(plan: Plan, students: int, seed: str = "dry run") -> DryRun:
    """Choose forms for ``students`` made-up students.  Raises ExamError as assembling would."""
    choices = [choose_units(plan, hashlib.sha256(f"{seed}\x1f{n}".encode()).hexdigest()) for n in range(students)]
    met = Counter(n for choice in choices for units in choice.cells for n in units)
    exposures = sorted(
        (Exposure(plan.units[n].name, count) for n, count in met.items()), key=lambda e: (-e.forms, e.name)
    )
    return DryRun(
        students,
        plan.target,
        plan.exam.bound,
        tuple(choice.difficulty for choice in choices),
        tuple(exposures),
        tuple(_minutes(plan, choice) for choice in choices),
        _common(plan, met, students),
    )


def _minutes(plan: Plan, choice: Choice) -> float:
    units = [*plan.fixed, *(n for cell in choice.cells for n in cell)]
    return sum(seconds(plan.units[n]) for n in units) / 60


def seconds(unit: Unit) -> float:
    """How long a unit may take."""
    if unit.template is not None:
        return TEMPLATE_SECONDS * LEVEL_FACTOR.get(unit.template.level, 1.0)
    return sum(item_seconds(item) for item in unit.items)


def item_seconds(item: Item) -> float:
    """How long an item may take: by kind and level, and 60 seconds for every ten lines of code to read."""
    return SECONDS[item.kind] * LEVEL_FACTOR.get(item.level, 1.0) + 6 * len(item.code.splitlines())


def _common(plan: Plan, met: Counter[int], students: int) -> float:
    """Chosen by both of two students: for each unit the chance that both met it, weighted with points."""
    if students < 2:
        return 1.0
    fixed = sum(f.points for s in plan.exam.sections for f in s.fixed)
    points = {n: ask.points * plan.board.sizes[n] for ask in plan.asks for n in met if ask.pool >> n & 1}
    pairs = students * (students - 1)
    both = fixed + sum(points[n] * count * (count - 1) / pairs for n, count in met.items())
    return min(1.0, both / plan.weight) if plan.weight else 1.0


def middle(values: tuple[float, ...]) -> float:
    return statistics.fmean(values)
