"""Practice items for the topics that a student missed; the same work gets the same items."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from question_bank.item import MULTIPLE, RETIRED, SHORT, SINGLE, Item, digest
from question_bank.lexicon import find_topic
from question_bank.review import apply_decisions, read_decisions
from question_bank.store import ITEMS, BankError, file_name, read_items
from question_bank.templates import load_templates
from question_bank.templates.engine import draw

BANK = Path(__file__).parent / "bank"
EACH = 2
_KINDS = (SINGLE, MULTIPLE, SHORT)  # what reads well on a page, with its answer folded away


@dataclass(frozen=True)
class Practice:
    """Items on one topic."""

    topic: str
    items: tuple[Item, ...]


def practice(topics: Sequence[str], who: str, bank: Path = BANK) -> tuple[Practice, ...]:
    """Choose two items for each topic: one with numbers drawn for this student where a template fits, the rest stored.

    Args:
      topics: As known mistakes name them; a topic that the course does not know is left out.
      who: Any text that identifies the work, such as its hash; the same text gets the same items.
      bank: The bank to choose from.

    Raises:
      TemplateError: A template of the topic is faulty.
    """
    sets = []
    for topic in dict.fromkeys(find_topic(t) or t for t in topics):
        drawn = [t for t in load_templates() if t.topic == topic]
        items = [draw(min(drawn, key=lambda t: digest(who, t.id)), who)] if drawn else []
        stored = sorted(_stored(topic, bank), key=lambda item: digest(who, item.id))
        for item in stored:
            apart = not any(set(item.facts) & set(other.facts) for other in items)
            if len(items) < EACH and apart:
                items.append(item)
        if items:
            sets.append(Practice(topic, tuple(items)))
    return tuple(sets)


@functools.lru_cache(maxsize=256)
def _stored(topic: str, bank: Path) -> tuple[Item, ...]:
    """Read the bank's items on a topic; empty where the bank is missing or broken, so that no report fails."""
    try:
        items = read_items(bank / ITEMS / f"{file_name(topic)}.yaml")
        now, _ = apply_decisions(items, read_decisions(bank))
    except (BankError, OSError):
        return ()
    return tuple(item for item in now if item.topic == topic and item.state != RETIRED and item.kind in _KINDS)
