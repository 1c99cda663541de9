"""What an exam can choose from: items, linked items and templates, and which of them fit a cell of the blueprint.

A unit is what is chosen at once: one item, a template (its numbers are drawn later), or items that come together.
"""

from __future__ import annotations

import datetime
import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from question_bank.exam.blueprint import BANK, TEMPLATES, Cell, Exam
from question_bank.exam.fields import ExamError
from question_bank.exam.usage import Usage, times_used
from question_bank.item import NUMERIC, SINGLE, Item, replace
from question_bank.lexicon import find_topic
from question_bank.lint.bank import identity
from question_bank.template import Template, draw


@dataclass(frozen=True)
class Unit:
    """What is chosen at once.

    Attributes:
      name: Id of the item or of the first linked one, or name of the template.
      items: Empty for a template.
      difficulties: Of each item, measured where an exam measured it.
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
        """The sum over its items."""
        return sum(self.difficulties)


@dataclass(frozen=True)
class Stock:
    """Everything there is, before an exam asks.

    Attributes:
      items: Of all banks, with review decisions applied.
      measured: Item id or template name → share of a class that got it wrong, from earlier exams.
      practised: Items that students have for practice.
      today: When the exam is, where ``exam.toml`` has no ``opens``.
    """

    items: Sequence[Item]
    templates: Sequence[Template] = ()
    usage: Usage = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    practised: Sequence[Item] = ()
    today: datetime.date = datetime.date.min


def difficulty(item: Item, measured: Mapping[str, float]) -> float:
    return min(1.0, max(0.0, measured.get(item.id, measured.get(item.group, item.difficulty))))


def exam_day(exam: Exam, stock: Stock) -> datetime.date:
    return exam.opens.date() if exam.opens else stock.today


def make_units(exam: Exam, stock: Stock) -> list[Unit]:
    """Every unit, links made, in the order of names.  Raises ExamError where ids clash or a link names none."""
    items: dict[str, Item] = {}
    for item in stock.items:
        if item.id in items and items[item.id] != item:
            raise ExamError(f"two items of the banks have the id {item.id}: rename one, or name fewer banks")
        items[item.id] = item
    linked = {name for link in exam.links for name in link}
    _known(linked, items, "link.items")
    units = [_unit((item,), stock) for name, item in items.items() if name not in linked]
    units += [_unit(tuple(items[name] for name in link), stock) for link in exam.links]
    for one in stock.templates:
        level = min(1.0, max(0.0, stock.measured.get(one.id, one.difficulty)))
        units.append(Unit(one.id, (), one, (level,)))
    return sorted(units, key=lambda unit: (unit.template is not None, unit.name))


def _unit(items: tuple[Item, ...], stock: Stock) -> Unit:
    levels = tuple(difficulty(item, stock.measured) for item in items)
    return Unit(items[0].id, tuple(replace(i, difficulty=d) for i, d in zip(items, levels, strict=True)), None, levels)


def fixed_unit(name: str, where: str, units: Sequence[Unit], exam: Exam) -> Unit:
    """The unit that stands in every form under ``name``.  Raises ExamError."""
    found = next((u for u in units if u.name == name), None)
    if found is None:
        inside = next((u for u in units if any(i.id == name for i in u.items)), None)
        if inside is not None:
            raise ExamError(f"{where}: {name} is linked: name the first of its link, {inside.name}, instead")
        _known({name}, {u.name: u for u in units}, where)
        raise AssertionError
    wrong = next((i for i in found.items if i.state not in exam.states), None)
    if wrong is not None:
        raise ExamError(f"{where}: {wrong.id} is {wrong.state}, and the exam allows {' and '.join(exam.states)} only")
    return found


def fitting(cell: Cell, units: Sequence[Unit], exam: Exam, stock: Stock, taken: set[str]) -> tuple[list[int], str]:
    """The places of the units that fit ``cell``, and in words how many were left after each condition.

    Args:
      taken: Names of units that stand in every form anyway.
    """
    topics = [_topic(t, cell, units) for t in cell.topics]
    practised_ids = {i.id for i in stock.practised}
    practised = {identity(i) for i in stock.practised}
    day = exam_day(exam, stock)

    def fresh(item: Item) -> bool:
        return times_used(stock.usage, item.id, exam.id, day, exam.years) < exam.most

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
            "not given out for practice",
            bool(practised),
            lambda u: not any(i.id in practised_ids or identity(i) in practised for i in u.items),
        ),
        (f"in fewer than {exam.most} exams of {exam.years:g} years", exam.most > 0, lambda u: all(map(fresh, u.items))),
        ("not in every form anyway", bool(taken), lambda u: u.name not in taken),
    ]
    left = list(range(len(units)))
    story = [f"{sum(units[n].size for n in left)} in all"]
    for words, asked, holds in conditions:
        if asked:
            left = [n for n in left if holds(units[n])]
            story.append(f"{sum(units[n].size for n in left)} {words}")
    return left, ", of these ".join(story)


def template_kind(one: Template, cell: Cell) -> str:
    """The form in which a template is drawn for a cell: typed where the cell has numeric items and no single choice."""
    return NUMERIC if NUMERIC in cell.kinds and SINGLE not in cell.kinds and makes_number(one) else SINGLE


@functools.cache
def makes_number(one: Template) -> bool:
    """Whether a template can ask for a typed number; shapes and printed output stay a choice."""
    return draw(one, "which kind", NUMERIC).kind == NUMERIC


def _makes(unit: Unit, cell: Cell) -> bool:
    assert unit.template is not None
    return SINGLE in cell.kinds or (NUMERIC in cell.kinds and makes_number(unit.template))


def _kinds(unit: Unit) -> set[str]:
    return {item.kind for item in unit.items}


def _parts(unit: Unit) -> Sequence[Item | Template]:
    return unit.items if unit.template is None else (unit.template,)


def _topic(name: str, cell: Cell, units: Sequence[Unit]) -> str:
    """The topic of the bank that is meant.  Raises ExamError with near ones."""
    known = {part.topic.casefold(): part.topic for unit in units for part in _parts(unit)}
    for one in (name.casefold(), find_topic(name).casefold()):
        if one in known:
            return known[one]
    near = difflib.get_close_matches(name.casefold(), known, 4, 0.5)
    hint = f" (near: {', '.join(near)})" if near else ""
    raise ExamError(f"{cell.name}: topic: no item of the bank is on {name!r}{hint}")


def _known(names: set[str], there: Mapping[str, object], where: str) -> None:
    for name in sorted(names - set(there)):
        near = ", ".join(difflib.get_close_matches(name, there, 3, 0.6))
        raise ExamError(f"{where}: no item {name!r} in the banks{f' (near: {near})' if near else ''}")
