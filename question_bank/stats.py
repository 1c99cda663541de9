"""What a bank holds: topics by level and kind, the topics that have no item, and what changed between two builds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from question_bank.item import KINDS, LEVELS, RETIRED, Item


@dataclass(frozen=True)
class Row:
    """One topic: how many items of each level and kind it has, how many templates, and how many facts teach it."""

    topic: str
    facts: int
    levels: tuple[int, ...]
    kinds: tuple[int, ...]
    templates: int

    @property
    def items(self) -> int:
        return sum(self.levels)


@dataclass(frozen=True)
class Stats:
    """A bank in numbers.

    Attributes:
      rows: One for each topic, in alphabetical order.
      states: State → number of items.
      taught: Number of topics that the documents teach.
      covered: How many of those have an item; ``drawn`` counts those that only templates cover.
    """

    rows: tuple[Row, ...]
    states: dict[str, int]
    taught: int
    covered: int
    drawn: int

    @property
    def missing(self) -> list[str]:
        """Topics that the documents teach and that have neither an item nor a template."""
        return [row.topic for row in self.rows if row.facts and not row.items and not row.templates]


def measure(items: Iterable[Item], taught: Mapping[str, int], template_topics: Iterable[str] = ()) -> Stats:
    """Count ``items`` (retired ones left out) by topic, level and kind."""
    everything = list(items)
    live = [item for item in everything if item.state != RETIRED]
    templates = Counter(template_topics)
    by_topic: dict[str, list[Item]] = {}
    for item in live:
        by_topic.setdefault(item.topic, []).append(item)
    topics = sorted({*taught, *by_topic, *templates})
    rows = tuple(
        Row(
            topic,
            taught.get(topic, 0),
            tuple(sum(i.level == level for i in by_topic.get(topic, ())) for level in LEVELS),
            tuple(sum(i.kind == kind for i in by_topic.get(topic, ())) for kind in KINDS),
            templates[topic],
        )
        for topic in topics
    )
    with_items = sum(bool(row.facts and row.items) for row in rows)
    drawn = sum(bool(row.facts and not row.items and row.templates) for row in rows)
    return Stats(rows, dict(Counter(item.state for item in everything)), len(taught), with_items, drawn)


@dataclass(frozen=True)
class Change:
    """One item that differs between two banks: "new", "gone", or the fields that changed."""

    item_id: str
    what: str
    old: Item | None
    new: Item | None


def compare(old: Sequence[Item], new: Sequence[Item]) -> list[Change]:
    """What changed between two banks, by id."""
    before, after = {item.id: item for item in old}, {item.id: item for item in new}
    changes = []
    for name in sorted(before | after):
        a, b = before.get(name), after.get(name)
        if a is None or b is None:
            changes.append(Change(name, "new" if a is None else "gone", a, b))
        elif a != b:
            fields = [f for f in Item.__dataclass_fields__ if getattr(a, f) != getattr(b, f)]
            changes.append(Change(name, ", ".join(fields), a, b))
    return changes
