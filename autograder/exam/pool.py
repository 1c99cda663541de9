"""The pool of an exam: items, linked items and templates, and which of them fit a cell of the blueprint.

A unit is chosen as a whole: one item, one template (its numbers are drawn later), or several linked items.
"""

from __future__ import annotations

import datetime
import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.exam.blueprint import BANK, TEMPLATES, Cell, Exam
from autograder.exam.exposure import ExposureHistory, times_used
from autograder.exam.toml_fields import ExamError
from question_bank.item import NUMERIC, SINGLE, Item, replace
from question_bank.lexicon import find_topic
from question_bank.lint.bank import identity
from question_bank.templates.engine import Template, draw


@dataclass(frozen=True)
class Unit:
    """An item, a template, or linked items: chosen as a whole.

    Attributes:
      name: Id of the item or of the first linked item, or name of the template.
      items: The items; empty for a template.
      difficulties: Difficulty of each item; the measured value if an earlier exam measured it.
    """

    name: str
    items: tuple[Item, ...] = ()
    template: Template | None = None
    difficulties: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        return len(self.difficulties)

    @property
    def difficulty(self) -> float:
        """The sum of the difficulties of its items."""
        return sum(self.difficulties)


@dataclass(frozen=True)
class ItemPool:
    """Everything that an exam can be assembled from.

    Attributes:
      items: Items of all banks, with review decisions applied.
      history: Uses in earlier exams, for exposure control.
      measured: Item id or template name → share of the points that a class lost on it in earlier exams.
      practised: Items that students have for practice.
      today: The day of the exam if ``exam.toml`` has no ``opens``.
    """

    items: Sequence[Item]
    templates: Sequence[Template] = ()
    history: ExposureHistory = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    practised: Sequence[Item] = ()
    today: datetime.date = datetime.date.min


def difficulty(item: Item, measured: Mapping[str, float]) -> float:
    return min(1.0, max(0.0, measured.get(item.id, measured.get(item.group, item.difficulty))))


def exam_day(exam: Exam, item_pool: ItemPool) -> datetime.date:
    return exam.opens.date() if exam.opens else item_pool.today


def make_units(exam: Exam, item_pool: ItemPool) -> list[Unit]:
    """All units, sorted by name.  Raises ExamError if two items share an id or a link names an unknown item."""
    items: dict[str, Item] = {}
    for item in item_pool.items:
        if item.id in items and items[item.id] != item:
            raise ExamError(
                f"two different items in the banks have the id {item.id}: rename one of them, or use fewer banks"
            )
        items[item.id] = item
    linked = {name for link in exam.links for name in link}
    _check_known(linked, items, "link.items")
    units = [_unit((item,), item_pool) for name, item in items.items() if name not in linked]
    units += [_unit(tuple(items[name] for name in link), item_pool) for link in exam.links]
    for template in item_pool.templates:
        level = min(1.0, max(0.0, item_pool.measured.get(template.id, template.difficulty)))
        units.append(Unit(template.id, (), template, (level,)))
    return sorted(units, key=lambda unit: (unit.template is not None, unit.name))


def _unit(items: tuple[Item, ...], item_pool: ItemPool) -> Unit:
    levels = tuple(difficulty(item, item_pool.measured) for item in items)
    return Unit(items[0].id, tuple(replace(i, difficulty=d) for i, d in zip(items, levels, strict=True)), None, levels)


def fixed_unit(name: str, where: str, units: Sequence[Unit], exam: Exam) -> Unit:
    """The unit called ``name``, which becomes part of every form.  Raises ExamError."""
    unit = next((u for u in units if u.name == name), None)
    if unit is None:
        link = next((u for u in units if any(i.id == name for i in u.items)), None)
        if link is not None:
            raise ExamError(f"{where}: {name} is linked; name the first item of its link instead: {link.name}")
        _check_known({name}, {u.name: u for u in units}, where)
        raise AssertionError
    rejected = next((i for i in unit.items if i.state not in exam.states), None)
    if rejected is not None:
        raise ExamError(
            f"{where}: the state of {rejected.id} is {rejected.state}; expected {' or '.join(exam.states)}. "
            "Review the item, or set drafts = true"
        )
    return unit


def fitting(
    cell: Cell, units: Sequence[Unit], exam: Exam, item_pool: ItemPool, taken: set[str]
) -> tuple[list[int], str]:
    """The indices of the units that fit ``cell``, and an explanation: how many items each condition left over.

    Args:
      taken: Names of units that are part of every form anyway.
    """
    topics = [_topic(t, cell, units) for t in cell.topics]
    practised_ids = {i.id for i in item_pool.practised}
    practised = {identity(i) for i in item_pool.practised}
    day = exam_day(exam, item_pool)

    def below_exposure_limit(item: Item) -> bool:
        return times_used(item_pool.history, item.id, exam.id, day, exam.years) < exam.most

    conditions: list[tuple[str, bool, Callable[[Unit], bool]]] = [
        ("from templates", cell.source == TEMPLATES, lambda u: u.template is not None),
        ("from banks", cell.source == BANK, lambda u: u.template is None),
        (f"on {' or '.join(topics)}", bool(topics), lambda u: all(x.topic in topics for x in _parts(u))),
        ("of the level", bool(cell.levels), lambda u: all(x.level in cell.levels for x in _parts(u))),
        (
            f"of difficulty {cell.difficulty[0]:g} to {cell.difficulty[1]:g}",
            cell.difficulty != (0.0, 1.0),
            lambda u: all(cell.difficulty[0] <= d <= cell.difficulty[1] for d in u.difficulties),
        ),
        ("of the kind", bool(cell.kinds), lambda u: _kinds(u) <= {*cell.kinds} if u.items else _makes(u, cell)),
        (" or ".join(exam.states), True, lambda u: all(i.state in exam.states for i in u.items)),
        (
            "not available for practice",
            bool(practised),
            lambda u: not any(i.id in practised_ids or identity(i) in practised for i in u.items),
        ),
        (
            f"in fewer than {exam.most} exams of {exam.years:g} years",
            exam.most > 0,
            lambda u: all(map(below_exposure_limit, u.items)),
        ),
        ("not in every form already", bool(taken), lambda u: u.name not in taken),
    ]
    fitting_units = list(range(len(units)))
    explanation = [f"{sum(units[n].size for n in fitting_units)} in total"]
    for description, applies, holds in conditions:
        if applies:
            fitting_units = [n for n in fitting_units if holds(units[n])]
            explanation.append(f"{sum(units[n].size for n in fitting_units)} {description}")
    return fitting_units, ", of these ".join(explanation)


def template_kind(template: Template, cell: Cell) -> str:
    """The kind of item that a template becomes: numeric if the cell allows numeric items but no single choice."""
    return NUMERIC if NUMERIC in cell.kinds and SINGLE not in cell.kinds and makes_number(template) else SINGLE


@functools.cache
def makes_number(template: Template) -> bool:
    """Whether a template can ask for a typed number; shapes and printed output are always a choice."""
    return draw(template, "which kind", NUMERIC).kind == NUMERIC


def _makes(unit: Unit, cell: Cell) -> bool:
    assert unit.template is not None
    return SINGLE in cell.kinds or (NUMERIC in cell.kinds and makes_number(unit.template))


def _kinds(unit: Unit) -> set[str]:
    return {item.kind for item in unit.items}


def _parts(unit: Unit) -> Sequence[Item | Template]:
    return unit.items if unit.template is None else (unit.template,)


def _topic(name: str, cell: Cell, units: Sequence[Unit]) -> str:
    """The topic of the bank that ``name`` stands for.  Raises ExamError with similar topics."""
    known = {part.topic.casefold(): part.topic for unit in units for part in _parts(unit)}
    for candidate in (name.casefold(), find_topic(name).casefold()):
        if candidate in known:
            return known[candidate]
    similar = difflib.get_close_matches(name.casefold(), known, 4, 0.5)
    hint = f" (similar: {', '.join(similar)})" if similar else ""
    raise ExamError(f"{cell.name}: topic: the bank has no item on {name!r}{hint}")


def _check_known(names: set[str], known: Mapping[str, object], where: str) -> None:
    for name in sorted(names - set(known)):
        similar = ", ".join(difflib.get_close_matches(name, known, 3, 0.6))
        raise ExamError(f"{where}: the banks have no item {name!r}{f' (similar: {similar})' if similar else ''}")
