"""Draw forms for a simulated class: how fair they are, how often each item appears, how long they take.

The numbers of templates are not drawn, because neither difficulty nor length depends on them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

from autograder.exam.assemble import AssemblyPlan, UnitChoice, choose_units
from autograder.exam.pool import Unit
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

# Seconds that a median student may need, by kind: rules of thumb (a minute for a choice, more for a calculation or a
# construction), good enough to see whether a form fits its time.
SECONDS = {SINGLE: 60, MULTIPLE: 75, NUMERIC: 150, SHORT: 45, MATCHING: 120, ORDERING: 90, CLOZE: 75, CODE: 150}
TEMPLATE_SECONDS = 120  # a choice among numbers that the student has to calculate
LEVEL_FACTOR = {"remember": 0.8, "understand": 1.0, "apply": 1.25, "analyse": 1.5}


@dataclass(frozen=True)
class Exposure:
    """Number of forms that contain an item or a template."""

    name: str
    forms: int


@dataclass(frozen=True)
class DryRun:
    """Statistics of the forms of a simulated class.

    Attributes:
      target, bound: Target of the mean difficulty, and the largest distance from it.
      difficulties: Mean difficulty of each form.
      exposures: The most frequent first; without fixed items, which are in every form.
      minutes: Estimated time for each form, without programming tasks.
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


def dry_run(plan: AssemblyPlan, students: int, seed: str = "dry run") -> DryRun:
    """Choose forms for ``students`` simulated students.  Raises ExamError under the same conditions as assembling."""
    choices = [choose_units(plan, hashlib.sha256(f"{seed}\x1f{n}".encode()).hexdigest()) for n in range(students)]
    counts = Counter(n for choice in choices for units in choice.cells for n in units)
    exposures = sorted(
        (Exposure(plan.units[n].name, count) for n, count in counts.items()), key=lambda e: (-e.forms, e.name)
    )
    return DryRun(
        students,
        plan.target,
        plan.exam.bound,
        tuple(choice.difficulty for choice in choices),
        tuple(exposures),
        tuple(_minutes(plan, choice) for choice in choices),
        _common(plan, counts, students),
    )


def _minutes(plan: AssemblyPlan, choice: UnitChoice) -> float:
    units = [*plan.fixed, *(n for cell in choice.cells for n in cell)]
    return sum(seconds(plan.units[n]) for n in units) / 60


def seconds(unit: Unit) -> float:
    """Estimated seconds for a unit."""
    if unit.template is not None:
        return TEMPLATE_SECONDS * LEVEL_FACTOR.get(unit.template.level, 1.0)
    return sum(item_seconds(item) for item in unit.items)


def item_seconds(item: Item) -> float:
    """Estimated seconds for an item: by kind and level, plus a minute for every ten lines of code."""
    return SECONDS[item.kind] * LEVEL_FACTOR.get(item.level, 1.0) + 6 * len(item.code.splitlines())


def _common(plan: AssemblyPlan, counts: Counter[int], students: int) -> float:
    """Expected share of points in both of two random forms: the chance that both contain a unit, weighted by points."""
    if students < 2:
        return 1.0
    fixed = sum(f.points for s in plan.exam.sections for f in s.fixed)
    points = {n: demand.points * plan.table.sizes[n] for demand in plan.demands for n in counts if demand.pool >> n & 1}
    pairs = students * (students - 1)
    both = fixed + sum(points[n] * count * (count - 1) / pairs for n, count in counts.items())
    return min(1.0, both / plan.weight) if plan.weight else 1.0
