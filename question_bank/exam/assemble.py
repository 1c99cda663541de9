"""From an exam and a bank to one form for each student.

Every form holds what the blueprint says, cell by cell.  What varies is which items fill a cell; so that nobody draws
the harder ones, the mean difficulty of a form (weighted with points) lies within ``bound`` of the blueprint's target,
which is the same for all: for each cell the target of ``exam.toml``, else the mean of everything that fits it.  Two
students' forms thus differ by at most twice the bound.  Difficulties are measured ones where an exam measured them.

A form is drawn from HMAC(secret, exam, student) alone: the same files give the same forms on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from question_bank.exam.apart import clash, masks
from question_bank.exam.arrange import arranged
from question_bank.exam.blueprint import Cell, Exam
from question_bank.exam.choose import Ask, Board, Stuck, balance, bits, choose
from question_bank.exam.fields import ExamError
from question_bank.exam.form import Form, Placed, form_seed
from question_bank.exam.pool import Stock, Unit, fitting, fixed_unit, make_units, template_kind
from question_bank.item import NUMERIC, SINGLE, Item, replace
from question_bank.template import draw

ATTEMPTS = 40  # choices that are tried before a form is given up


@dataclass(frozen=True)
class Plan:
    """An exam with everything that its forms are chosen from.

    Attributes:
      units: All that fit some cell, and what stands in every form.
      asks: For each cell of the blueprint.
      fixed: Units of the fixed items, in the order of the exam.
      target: Mean difficulty wanted of every form.
      weight: Points of all items, which the mean is weighted with.
    """

    exam: Exam
    units: tuple[Unit, ...]
    board: Board
    asks: tuple[Ask, ...]
    fixed: tuple[int, ...]
    target: float
    weight: float


@dataclass(frozen=True)
class Choice:
    """What one student gets, before numbers are drawn: units for each cell, and their mean difficulty."""

    cells: tuple[tuple[int, ...], ...]
    difficulty: float


def make_plan(exam: Exam, stock: Stock) -> Plan:
    """Look what fits each cell.  Raises ExamError that names the cell and what is missing."""
    everything = make_units(exam, stock)
    firm = [fixed_unit(f.id, f.name, everything, exam) for s in exam.sections for f in s.fixed]
    taken = {u.name for u in firm}
    found = [fitting(cell, everything, exam, stock, taken) for cell in exam.cells]
    used = sorted({n for places, _ in found for n in places} | {n for n, u in enumerate(everything) if u.name in taken})
    _links_fit(exam, {everything[n].name for n in used})
    units = tuple(everything[n] for n in used)
    at = {n: i for i, n in enumerate(used)}
    board = Board([u.size for u in units], [u.difficulty for u in units], masks(units))
    fixed = tuple(next(i for i, u in enumerate(units) if u.name == f.name) for f in firm)
    together = [frozenset(i.id for i in u.items) for u in firm]
    if wrong := clash([i for u in firm for i in u.items], together):
        raise ExamError(f"section.item: {wrong}: take one of them out, or link them")
    apart = 0
    for n in fixed:
        apart |= board.excluded[n] | 1 << n
    asks = []
    for cell, (places, story) in zip(exam.cells, found, strict=True):
        pool = sum(1 << at[n] for n in places)
        asks.append(Ask(pool & ~apart, cell.count, cell.points))
        free, all_ = (sum(board.sizes[n] for n in bits(p)) for p in (pool & ~apart, pool))
        if free < cell.count:
            more = f", of these {free} that no item of every form excludes" if all_ > free else ""
            raise ExamError(f"{cell.name}: needs {cell.count}, {cell.count - free} are missing: {story}{more}")
    target, weight = _target(exam, tuple(asks), board, fixed)
    return Plan(exam, units, board, tuple(asks), fixed, target, weight)


def _links_fit(exam: Exam, used: set[str]) -> None:
    for link in exam.links:
        if link[0] not in used:
            raise ExamError(f"link.items: no cell takes all of {', '.join(link)}: they must fit one cell together")


def _target(exam: Exam, asks: tuple[Ask, ...], board: Board, fixed: tuple[int, ...]) -> tuple[float, float]:
    points = [f.points for s in exam.sections for f in s.fixed]
    wanted = sum(board.levels[n] * p for n, p in zip(fixed, points, strict=True))
    weight = sum(board.sizes[n] * p for n, p in zip(fixed, points, strict=True))
    for cell, ask in zip(exam.cells, asks, strict=True):
        there = bits(ask.pool)
        mean = sum(board.levels[n] for n in there) / sum(board.sizes[n] for n in there)
        wanted += ask.points * ask.count * (mean if cell.target is None else cell.target)
        weight += ask.points * ask.count
    return (wanted / weight if weight else 0.0), weight


def choose_units(plan: Plan, seed: str, attempt: int = 0) -> Choice:
    """Units for one student.

    Args:
      seed: ``form_seed``.
      attempt: Another number gives another choice for the same student.

    Raises:
      ExamError: The items exclude each other, or none of the choices has the difficulty of the blueprint.
    """
    nearest: Choice | None = None
    bound = plan.exam.bound * plan.weight
    for again in range(ATTEMPTS):
        rng = random.Random(f"{seed}\x1fchoice\x1f{attempt}\x1f{again}")
        try:
            cells = choose(plan.asks, plan.board, rng)
        except Stuck as stuck:
            if stuck.exhausted or again == ATTEMPTS - 1:
                raise _too_few(plan, stuck) from None
            continue
        excess = _excess(plan, cells)
        if abs(excess) > bound:
            cells, excess = balance(cells, plan.asks, plan.board, excess, bound, rng)
        mean = plan.target + excess / plan.weight if plan.weight else 0.0
        choice = Choice(tuple(map(tuple, cells)), mean)
        if abs(excess) <= bound + 1e-12:
            return choice
        if nearest is None or abs(mean - plan.target) < abs(nearest.difficulty - plan.target):
            nearest = choice
    assert nearest is not None
    raise ExamError(
        f"bound: no choice of items comes within {plan.exam.bound:g} of the mean difficulty {plan.target:.3f}; "
        f"the nearest has {nearest.difficulty:.3f}: widen the bound, change a target, or add items where a cell has few"
    )


def _excess(plan: Plan, cells: Sequence[Sequence[int]]) -> float:
    points = [f.points for s in plan.exam.sections for f in s.fixed]
    total = sum(plan.board.levels[n] * p for n, p in zip(plan.fixed, points, strict=True))
    total += sum(plan.board.levels[n] * ask.points for units, ask in zip(cells, plan.asks, strict=True) for n in units)
    return total - plan.target * plan.weight


def _too_few(plan: Plan, stuck: Stuck) -> ExamError:
    cell: Cell = plan.exam.cells[stuck.cell]
    free = sum(plan.board.sizes[n] for n in bits(plan.asks[stuck.cell].pool))
    sure = "" if stuck.exhausted else " (as far as the search went)"
    return ExamError(
        f"{cell.name}: needs {cell.count}; {free} fit, but too many of them share a fact or a group, give each other "
        f"away, or are wanted by other cells too{sure}: add items, or ask for fewer"
    )


def make_form(plan: Plan, secret: bytes, student: str) -> Form:
    """The form of ``student``.  Raises ExamError."""
    return fill(plan, student, form_seed(secret, plan.exam.id, student))


def fill(plan: Plan, student: str, seed: str) -> Form:
    """A form from a seed: units chosen, numbers drawn, items and options in the student's order."""
    together = [frozenset(i.id for i in u.items) for u in plan.units if len(u.items) > 1]
    wrong = ""
    for attempt in range(ATTEMPTS):
        choice = choose_units(plan, seed, attempt)
        form = _placed(plan, choice, student, seed)
        # What a template prints is known only once its numbers are drawn.
        wrong = clash([one.item for one in form.placed], together)
        if not wrong:
            return form
    raise ExamError(f"no form for {student!r}: {wrong}")


def _placed(plan: Plan, choice: Choice, student: str, seed: str) -> Form:
    exam = plan.exam
    cells, fixed = iter(zip(choice.cells, exam.cells, strict=True)), iter(plan.fixed)
    rows: list[tuple[Item, float, str]] = []
    for section in exam.sections:
        blocks: list[tuple[list[Item], float]] = []
        for one in section.fixed:
            blocks.append((_items(plan.units[next(fixed)], SINGLE, seed), one.points))
        for _ in section.cells:
            units, cell = next(cells)
            for n in units:
                unit = plan.units[n]
                form = template_kind(unit.template, cell) if unit.template else SINGLE
                blocks.append((_items(unit, form, seed), cell.points))
        if exam.shuffle_items:
            random.Random(f"{seed}\x1fitems\x1f{section.title}").shuffle(blocks)
        rows += [(item, points, section.title) for items, points in blocks for item in items]
    placed = tuple(
        Placed(f"q{n}", arranged(item, seed) if exam.shuffle_options else item, points, title)
        for n, (item, points, title) in enumerate(rows, 1)
    )
    return Form(exam.id, student, placed, tuple(task for section in exam.sections for task in section.tasks))


def _items(unit: Unit, form: str, seed: str) -> list[Item]:
    """The items of a unit, a template's numbers drawn; a student's numbers rest on nothing but the seed."""
    if unit.template is None:
        return list(unit.items)
    drawn = draw(unit.template, f"{seed}/{unit.name}", NUMERIC if form == NUMERIC else SINGLE)
    return [replace(drawn, difficulty=unit.difficulties[0])]
