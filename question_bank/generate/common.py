"""Shared by the generators: stems, provenance, explanations, and facts that make the same statement."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from question_bank.documents.facts import Fact
from question_bank.generate.knowledge import Knowledge, says_the_same
from question_bank.item import Item, Option, Source
from question_bank.lexicon import find_term, normal

WINDOW = 40  # entries on each side that a long list is searched for wrong options
PLAIN = 20  # words
DIFFICULTY = {"remember": 0.25, "understand": 0.35, "apply": 0.45, "analyse": 0.55}


@dataclass(frozen=True)
class Doubt:
    """A fact that could carry an item, and why a person has to look at it first."""

    fact: Fact
    reason: str


@dataclass(frozen=True)
class Statement:
    """A statement of the documents: the fact with the plainest wording, and every place that makes the statement."""

    fact: Fact
    sources: tuple[Source, ...]


def merge_statements(facts: Iterable[Fact]) -> list[Statement]:
    """Merge facts that say the same of the same subject; the plainest wording represents them."""
    groups: dict[str, list[list[Fact]]] = {}
    for fact in facts:
        for group in groups.setdefault(normal(fact.subject), []):
            if says_the_same(group[0].value, fact.value):
                group.append(fact)
                break
        else:
            groups[normal(fact.subject)].append([fact])
    every = [group for of in groups.values() for group in of]
    return [Statement(_plainest(group), tuple(dict.fromkeys(f.source for f in group))) for group in every]


def _plainest(group: Sequence[Fact]) -> Fact:
    """Return the first wording that is short enough for an item."""
    return next((fact for fact in group if len(fact.value.split()) <= PLAIN), group[0])


def noun(subject: str, plain: str = "term") -> str:
    """Name the class of ``subject`` for a stem: "optimizer", "gate"; ``plain`` where the lexicon does not know it."""
    term = find_term(subject)
    return term.noun if term else plain


def slug(text: str, words: int = 4) -> str:
    """Write the first words of a text as part of an id."""
    plain = re.sub(r"[^a-z0-9]+", " ", normal(text).encode("ascii", "ignore").decode()).split()
    return "-".join(plain[:words])[:48].strip("-") or "x"


def cite(fact: Fact) -> str:
    """Cite the document and the lines of a fact, for explanations."""
    first, last = fact.source.first, fact.source.last
    return f"({fact.source.document}, {f'line {first}' if first == last else f'lines {first}–{last}'})"


def conditioned(fact: Fact) -> str:
    """Return the statement with the condition that an erratum demands."""
    if not fact.qualification:
        return fact.value
    if fact.value.endswith(")") and fact.value.count("(") == 1:
        return f"{fact.value[:-1]}; {fact.qualification})"
    return f"{fact.value} ({fact.qualification})"


def qualified(stem: str, facts: Sequence[Fact]) -> str:
    """Append the conditions that errata demand to a stem."""
    conditions = list(dict.fromkeys(f.qualification for f in facts if f.qualification))
    return f"{stem} ({'; '.join(conditions)})" if conditions else stem


def item_on(
    fact: Fact,
    form: str,
    kind: str,
    stem: str,
    explanation: str,
    *,
    level: str = "remember",
    sources: Sequence[Source] = (),
    facts: Sequence[Fact] = (),
    harder: float = 0.0,
    options: tuple[Option, ...] = (),
    conditions: bool = True,
) -> Item:
    """Make an item with the identity, provenance and topic of ``fact``.

    Args:
      form: The part of the id that distinguishes the items made from one fact.
      sources: Further places that make the statement.
      facts: All facts on which the item rests; default: ``fact`` alone.
      harder: Added to the difficulty that the level gives, from 0 to 1.
      conditions: Append the conditions that errata demand to the stem; False where the caller has put them beside the
        statements themselves.
    """
    rests = tuple(facts) or (fact,)
    return Item(
        id=f"{slug(fact.subject)}-{form}-{fact.id[:7]}",
        kind=kind,
        topic=fact.topic,
        level=level,
        difficulty=round(min(0.9, DIFFICULTY[level] + harder), 2),
        stem=qualified(stem, rests) if conditions else stem,
        explanation=explanation,
        options=options,
        sources=tuple(dict.fromkeys([*(sources or ()), *(f.source for f in rests)])),
        facts=tuple(dict.fromkeys(f.id for f in rests)),
        origin="fact",
    )


class Siblings:
    """Facts of the same class as a given one, looked up quickly."""

    def __init__(self, knowledge: Knowledge, pool: Sequence[Fact]) -> None:
        self._kind_of = knowledge.kind_of
        self._groups: dict[str, list[Fact]] = defaultdict(list)
        self._kinds: dict[str, list[Fact]] = defaultdict(list)
        for fact in pool:
            self._groups[fact.group].append(fact)
            self._kinds[knowledge.kind_of(fact)].append(fact)

    def of(self, fact: Fact) -> list[tuple[int, Fact]]:
        """List the siblings of ``fact`` with their distance: 0 same list, 1 same document, 2 elsewhere.

        Of a long list, only the entries around ``fact`` are taken.
        """
        mine = find_term(fact.subject)
        near: list[tuple[int, Fact]] = []
        for other in around(fact, self._groups[fact.group]):
            theirs = find_term(other.subject)
            if normal(other.subject) != normal(fact.subject) and not (mine and theirs and mine.kind != theirs.kind):
                near.append((0, other))
        for other in around(fact, self._kinds[self._kind_of(fact)]):
            if normal(other.subject) != normal(fact.subject) and other.group != fact.group:
                near.append((1 if other.source.document == fact.source.document else 2, other))
        return near


def around(fact: Fact, pool: Sequence[Fact]) -> Sequence[Fact]:
    """Return ``pool``, or, where it is long, the facts around ``fact`` in it."""
    if len(pool) <= 2 * WINDOW:
        return pool
    place = next((i for i, other in enumerate(pool) if other is fact), 0)
    return pool[max(0, place - WINDOW) : place + WINDOW + 1]


def with_fields(item: Item, **fields: object) -> Item:
    """Copy ``item`` with further fields set."""
    return replace(item, **fields)  # type: ignore[arg-type]
