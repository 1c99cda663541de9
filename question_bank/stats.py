"""Count a bank's items by topic, compare two banks, and compare estimated difficulties with measured ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from question_bank.analysis.feedback import Measured
from question_bank.analysis.limits import TOO_FEW, quality
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
        """Number of items on the topic."""
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
class Compared:
    """The estimated difficulty of an item (or template) beside what exams measured.

    Attributes:
      off: Measured minus estimated: above 0 it was harder than thought.
      quality: How far ``n`` answers carry (``limits.quality``); with too few, exams are assembled by the estimate.
    """

    id: str
    template: bool
    estimated: float
    measured: float
    off: float
    n: int
    exams: int
    quality: str


@dataclass(frozen=True)
class Measurements:
    """What exams measured of a bank.

    Attributes:
      items, templates: How many of the bank are measured; ``gone`` names what is retired or no longer there.
      exams, answers: How many exams and answers all of it rests on.
      counted: How many have enough answers; ``mean``, ``largest`` and ``bias`` are over these, None without any.
      mean, largest: By how much the estimate is off, whatever the direction.
      bias: Mean of measured minus estimated.
      compared: Furthest off first; those with too few answers last.
    """

    items: int
    templates: int
    gone: tuple[str, ...]
    exams: int
    answers: int
    counted: int
    mean: float | None
    largest: float | None
    bias: float | None
    compared: tuple[Compared, ...]


def measured_of(item: Item, statistics: Mapping[str, Measured]) -> Measured | None:
    """Look up what exams measured of an item; a draw of a template has the statistics of its template."""
    return statistics.get(item.group if item.origin == "template" else item.id)


def compare_difficulty(
    items: Iterable[Item], templates: Mapping[str, float], statistics: Mapping[str, Measured]
) -> Measurements:
    """Compare estimates with what exams measured.

    Args:
      items: The bank's; retired ones are not compared.
      templates: Id → estimated difficulty.
      statistics: What exams measured, as ``read_statistics`` returns it.
    """
    estimates = {item.id: item.difficulty for item in items if item.state != RETIRED}
    compared = []
    for name, measured in statistics.items():
        if name in estimates or name in templates:
            drawn = name not in estimates
            estimated = templates[name] if drawn else estimates[name]
            off = round(measured.difficulty - estimated, 4)
            compared.append(
                Compared(
                    id=name,
                    template=drawn,
                    estimated=estimated,
                    measured=measured.difficulty,
                    off=off,
                    n=measured.n,
                    exams=len(measured.exams),
                    quality=quality(measured.n),
                )
            )
    compared.sort(key=lambda c: (c.quality == TOO_FEW, -abs(c.off), c.id))
    offs = [c.off for c in compared if c.quality != TOO_FEW]
    drawn_ones = sum(c.template for c in compared)
    return Measurements(
        items=len(compared) - drawn_ones,
        templates=drawn_ones,
        gone=tuple(sorted(set(statistics) - {c.id for c in compared})),
        exams=len({sitting.exam for measured in statistics.values() for sitting in measured.exams}),
        answers=sum(measured.n for measured in statistics.values()),
        counted=len(offs),
        mean=round(sum(map(abs, offs)) / len(offs), 4) if offs else None,
        largest=max(map(abs, offs)) if offs else None,
        bias=round(sum(offs) / len(offs), 4) if offs else None,
        compared=tuple(compared),
    )


@dataclass(frozen=True)
class Change:
    """One item that differs between two banks.

    Attributes:
      old, new: The item in each bank; None where the bank has no item of this id.
      fields: Names of the fields that differ; empty where one bank lacks the item.
    """

    item_id: str
    old: Item | None
    new: Item | None
    fields: tuple[str, ...] = ()


def compare(old: Sequence[Item], new: Sequence[Item]) -> list[Change]:
    """List the items that differ between two banks, by id."""
    before, after = {item.id: item for item in old}, {item.id: item for item in new}
    changes = []
    for name in sorted(before | after):
        a, b = before.get(name), after.get(name)
        if a is None or b is None:
            changes.append(Change(name, a, b))
        elif a != b:
            fields = tuple(f for f in Item.__dataclass_fields__ if getattr(a, f) != getattr(b, f))
            changes.append(Change(name, a, b, fields))
    return changes
