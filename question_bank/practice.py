"""Practice for what a student missed: two items of the course's own bank for each topic, the same for the same work."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from question_bank.item import MULTIPLE, RETIRED, SHORT, SINGLE, Item, digest
from question_bank.lexicon import find_topic
from question_bank.review import apply_decisions, read_decisions
from question_bank.store import ITEMS, BankError, file_name, read_items
from question_bank.template import draw, load_templates

BANK = Path(__file__).parent / "bank"
EACH = 2
_KINDS = (SINGLE, MULTIPLE, SHORT)  # what reads well on a page, with its answer folded away


@dataclass(frozen=True)
class Practice:
    """Items on one topic."""

    topic: str
    items: tuple[Item, ...]


def practice(topics: Sequence[str], who: str, bank: Path = BANK) -> tuple[Practice, ...]:
    """Two items for each topic: one with numbers drawn for this student where a template fits, the rest from the bank.

    Args:
      topics: As known mistakes name them; a topic of which the course knows nothing is left out.
      who: Any text that stands for the work, such as its hash: the same text gets the same items.
    """
    found = []
    for topic in dict.fromkeys(find_topic(t) or t for t in topics):
        drawn = [t for t in load_templates() if t.topic == topic]
        items = [draw(min(drawn, key=lambda t: digest(who, t.id)), who)] if drawn else []
        stored = sorted(_stored(topic, bank), key=lambda item: digest(who, item.id))
        for item in stored:
            apart = not any(set(item.facts) & set(other.facts) for other in items)
            if len(items) < EACH and apart:
                items.append(item)
        if items:
            found.append(Practice(topic, tuple(items)))
    return tuple(found)


@functools.lru_cache(maxsize=256)
def _stored(topic: str, bank: Path) -> tuple[Item, ...]:
    """The bank's items on a topic; none where there is no bank or its file is broken: a report must not fail for it."""
    try:
        items = read_items(bank / ITEMS / f"{file_name(topic)}.yaml")
        now, _ = apply_decisions(items, read_decisions(bank))
    except (BankError, OSError):
        return ()
    return tuple(item for item in now if item.topic == topic and item.state != RETIRED and item.kind in _KINDS)
