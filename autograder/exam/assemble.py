"""Assemble one form for each student from an exam and a pool of items.

Every form follows the blueprint cell by cell; only the choice of items within a cell varies.  For fairness the mean
difficulty of each form (weighted by points) lies within ``bound`` of one target for the whole class: for each cell the
target of ``exam.toml``, or the mean of all items that fit the cell.  The forms of two students therefore differ by at
most twice the bound.  Where an earlier exam measured a difficulty, the measured value is used.

A form is drawn from HMAC(secret, exam, student) alone, so the same files give the same forms on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.exam.arrange import arranged
from autograder.exam.blueprint import Cell, Exam
from autograder.exam.choose import CellDemand, NoChoiceError, UnitTable, balance, bits, choose
from autograder.exam.conflicts import exclusion_masks, find_conflict
from autograder.exam.form import Form, PlacedItem, form_seed
from autograder.exam.pool import ItemPool, Unit, fitting, fixed_unit, make_units, template_kind
from autograder.exam.toml_fields import ExamError
from question_bank.item import NUMERIC, SINGLE, Item, replace
from question_bank.templates.engine import draw

ATTEMPTS = 40  # choices to try before giving up on a form


@dataclass(frozen=True)
class AssemblyPlan:
    """An exam with everything that its forms are chosen from.

    Attributes:
      units: All units that fit some cell, and the units that are part of every form.
      table: The same units as the search sees them.
      demands: One for each cell of the blueprint.
      fixed: Indices of the units of fixed items, in the order of the exam.
      target: Mean difficulty that every form should have.
      weight: Total points of the items: the weight of the mean.
    """

    exam: Exam
    units: tuple[Unit, ...]
    table: UnitTable
    demands: tuple[CellDemand, ...]
    fixed: tuple[int, ...]
    target: float
    weight: float


@dataclass(frozen=True)
class UnitChoice:
    """The units chosen for one student, cell by cell, and their mean difficulty; numbers are not drawn yet."""

    cells: tuple[tuple[int, ...], ...]
    difficulty: float


def make_plan(exam: Exam, item_pool: ItemPool) -> AssemblyPlan:
    """Find the units that fit each cell.  Raises ExamError that names the cell and what is missing."""
    candidates = make_units(exam, item_pool)
    fixed_units = [fixed_unit(f.id, f.name, candidates, exam) for s in exam.sections for f in s.fixed]
    taken = {u.name for u in fixed_units}
    matches = [fitting(cell, candidates, exam, item_pool, taken) for cell in exam.cells]
    used = sorted(
        {n for indices, _ in matches for n in indices} | {n for n, u in enumerate(candidates) if u.name in taken}
    )
    _check_links(exam, {candidates[n].name for n in used})
    units = tuple(candidates[n] for n in used)
    index_of = {n: i for i, n in enumerate(used)}
    table = UnitTable([u.size for u in units], [u.difficulty for u in units], exclusion_masks(units))
    fixed = tuple(next(i for i, u in enumerate(units) if u.name == f.name) for f in fixed_units)
    linked = [frozenset(i.id for i in u.items) for u in fixed_units]
    if conflict := find_conflict([i for u in fixed_units for i in u.items], linked):
        raise ExamError(f"section.item: {conflict}: remove one of them, or link them")
    excluded = 0
    for n in fixed:
        excluded |= table.excluded[n] | 1 << n
    demands = []
    for cell, (indices, explanation) in zip(exam.cells, matches, strict=True):
        pool = sum(1 << index_of[n] for n in indices)
        demands.append(CellDemand(pool & ~excluded, cell.count, cell.points))
        free, total = (sum(table.sizes[n] for n in bits(p)) for p in (pool & ~excluded, pool))
        if free < cell.count:
            more = f", of these {free} without a conflict with the fixed items" if total > free else ""
            raise ExamError(f"{cell.name}: needs {cell.count}, {cell.count - free} are missing: {explanation}{more}")
    target, weight = _target(exam, tuple(demands), table, fixed)
    return AssemblyPlan(exam, units, table, tuple(demands), fixed, target, weight)


def _check_links(exam: Exam, used: set[str]) -> None:
    for link in exam.links:
        if link[0] not in used:
            raise ExamError(
                f"link.items: no cell fits all of {', '.join(link)}; linked items must fit one cell together"
            )


def _target(
    exam: Exam, demands: tuple[CellDemand, ...], table: UnitTable, fixed: tuple[int, ...]
) -> tuple[float, float]:
    points = [f.points for s in exam.sections for f in s.fixed]
    wanted = sum(table.levels[n] * p for n, p in zip(fixed, points, strict=True))
    weight = sum(table.sizes[n] * p for n, p in zip(fixed, points, strict=True))
    for cell, demand in zip(exam.cells, demands, strict=True):
        members = bits(demand.pool)
        mean = sum(table.levels[n] for n in members) / sum(table.sizes[n] for n in members)
        wanted += demand.points * demand.count * (mean if cell.target is None else cell.target)
        weight += demand.points * demand.count
    return (wanted / weight if weight else 0.0), weight


def choose_units(plan: AssemblyPlan, seed: str, attempt: int = 0) -> UnitChoice:
    """Choose the units for one student.

    Args:
      seed: The result of ``form_seed``.
      attempt: A different number gives a different choice for the same student.

    Raises:
      ExamError: The items exclude each other, or no choice has the difficulty of the blueprint.
    """
    nearest: UnitChoice | None = None
    bound = plan.exam.bound * plan.weight
    for trial in range(ATTEMPTS):
        rng = random.Random(f"{seed}\x1fchoice\x1f{attempt}\x1f{trial}")
        try:
            cells = choose(plan.demands, plan.table, rng)
        except NoChoiceError as failure:
            if failure.exhausted or trial == ATTEMPTS - 1:
                raise _too_few(plan, failure) from None
            continue
        excess = _excess(plan, cells)
        if abs(excess) > bound:
            cells, excess = balance(cells, plan.demands, plan.table, excess, bound, rng)
        mean = plan.target + excess / plan.weight if plan.weight else 0.0
        choice = UnitChoice(tuple(map(tuple, cells)), mean)
        if abs(excess) <= bound + 1e-12:
            return choice
        if nearest is None or abs(mean - plan.target) < abs(nearest.difficulty - plan.target):
            nearest = choice
    assert nearest is not None
    raise ExamError(
        f"bound: no choice of items comes within {plan.exam.bound:g} of the mean difficulty {plan.target:.3f}; "
        f"the nearest has {nearest.difficulty:.3f}. Widen the bound, change a target, or add items to small cells"
    )


def _excess(plan: AssemblyPlan, cells: Sequence[Sequence[int]]) -> float:
    points = [f.points for s in plan.exam.sections for f in s.fixed]
    total = sum(plan.table.levels[n] * p for n, p in zip(plan.fixed, points, strict=True))
    total += sum(
        plan.table.levels[n] * demand.points for units, demand in zip(cells, plan.demands, strict=True) for n in units
    )
    return total - plan.target * plan.weight


def _too_few(plan: AssemblyPlan, failure: NoChoiceError) -> ExamError:
    cell: Cell = plan.exam.cells[failure.cell]
    free = sum(plan.table.sizes[n] for n in bits(plan.demands[failure.cell].pool))
    caveat = "" if failure.exhausted else " (the search was stopped early)"
    return ExamError(
        f"{cell.name}: needs {cell.count}; {free} fit, but too many of them share a fact or a group, give each other "
        f"away, or are needed by other cells{caveat}. Add items, or ask for fewer"
    )


def make_form(plan: AssemblyPlan, secret: bytes, student: str) -> Form:
    """Make the form of ``student``.  Raises ExamError."""
    return fill(plan, student, form_seed(secret, plan.exam.id, student))


def fill(plan: AssemblyPlan, student: str, seed: str) -> Form:
    """Make a form from a seed: choose units, draw numbers, order items and options.  Raises ExamError."""
    linked = [frozenset(i.id for i in u.items) for u in plan.units if len(u.items) > 1]
    conflict = ""
    for attempt in range(ATTEMPTS):
        choice = choose_units(plan, seed, attempt)
        form = _placed(plan, choice, student, seed)
        # The text of a template is known only after its numbers are drawn.
        conflict = find_conflict([placed.item for placed in form.placed], linked)
        if not conflict:
            return form
    raise ExamError(f"no form for {student!r}: {conflict}")


def _placed(plan: AssemblyPlan, choice: UnitChoice, student: str, seed: str) -> Form:
    exam = plan.exam
    cells, fixed = iter(zip(choice.cells, exam.cells, strict=True)), iter(plan.fixed)
    rows: list[tuple[Item, float, str]] = []
    for section in exam.sections:
        blocks: list[tuple[list[Item], float]] = []
        for fixed_item in section.fixed:
            blocks.append((_items(plan.units[next(fixed)], SINGLE, seed), fixed_item.points))
        for _ in section.cells:
            units, cell = next(cells)
            for n in units:
                unit = plan.units[n]
                kind = template_kind(unit.template, cell) if unit.template else SINGLE
                blocks.append((_items(unit, kind, seed), cell.points))
        if exam.shuffle_items:
            random.Random(f"{seed}\x1fitems\x1f{section.title}").shuffle(blocks)
        rows += [(item, points, section.title) for items, points in blocks for item in items]
    placed = tuple(
        PlacedItem(f"q{n}", arranged(item, seed) if exam.shuffle_options else item, points, title)
        for n, (item, points, title) in enumerate(rows, 1)
    )
    return Form(exam.id, student, placed, tuple(task for section in exam.sections for task in section.tasks))


def _items(unit: Unit, kind: str, seed: str) -> list[Item]:
    """The items of a unit, with the numbers of a template drawn; the numbers depend on the seed alone."""
    if unit.template is None:
        return list(unit.items)
    drawn = draw(unit.template, f"{seed}/{unit.name}", NUMERIC if kind == NUMERIC else SINGLE)
    return [replace(drawn, difficulty=unit.difficulties[0])]
