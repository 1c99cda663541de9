"""Facts become items by their structure: one small file for each kind of fact.

A generator is a function of ``Knowledge`` (all facts of all documents) that yields items, and doubts: facts that a
person has to look at.  It sees documents only.  What it yields is neither checked nor approved: the build lints every
item, and people review them.
"""

from __future__ import annotations

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
from question_bank.generate.common import Doubt
from question_bank.generate.knowledge import Knowledge, make_knowledge
from question_bank.item import Item

__all__ = ["Doubt", "Knowledge", "make_items", "make_knowledge"]

_GENERATORS = (definitions, holds, attributes, sets, processes, tables, formulas, years, expansions, pairings, code)


def make_items(knowledge: Knowledge) -> tuple[list[Item], list[Doubt]]:
    """Make every item that the facts allow.

    Returns:
      The items by id, and the facts that were put aside for review, in the order of the generators.
    """
    items: dict[str, Item] = {}
    doubts: dict[Doubt, None] = {}
    for generator in _GENERATORS:
        for made in generator.make(knowledge):
            if isinstance(made, Doubt):
                doubts[made] = None
            else:
                items.setdefault(made.id, made)
    return [items[item_id] for item_id in sorted(items)], list(doubts)
