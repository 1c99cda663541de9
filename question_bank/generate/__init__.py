"""Facts become items, by structure: one small file for each kind of fact.

Every generator is a function of ``Knowledge`` that yields items, or doubts: facts that a person has to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from question_bank.generate import (
    attributes,
    code,
    definitions,
    expansions,
    formulas,
    holds,
    pairings,
    processes,
    sets,
    tables,
    years,
)
from question_bank.generate.common import Doubt as Doubt
from question_bank.item import Item
from question_bank.relations import Knowledge

_GENERATORS = (definitions, holds, attributes, sets, processes, tables, formulas, years, expansions, pairings, code)


def make_items(knowledge: Knowledge) -> tuple[list[Item], list[Doubt]]:
    """All items that the facts carry, by id, and what was put aside for review."""
    items: dict[str, Item] = {}
    doubts: list[Doubt] = []
    for one in _everything(knowledge):
        if isinstance(one, Doubt):
            doubts.append(one)
        else:
            items.setdefault(one.id, one)
    return [items[name] for name in sorted(items)], list(dict.fromkeys(doubts))


def _everything(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    parts: Iterable[Iterator[Item | Doubt]] = (generator.make(knowledge) for generator in _GENERATORS)
    for part in parts:
        yield from part
