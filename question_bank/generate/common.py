"""What the generators share: stems, provenance, explanations, and facts that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from question_bank.facts import Fact
from question_bank.item import Item, Option, Source
from question_bank.lexicon import find_term, normal
from question_bank.relations import Knowledge, says_the_same

DIFFICULTY = {"remember": 0.25, "understand": 0.35, "apply": 0.45, "analyse": 0.55}


@dataclass(frozen=True)
class Doubt:
    """A fact that could carry an item, and why a person has to look at it first."""

    fact: Fact
    reason: str


@dataclass(frozen=True)
class Told:
    """One statement with every place that makes it."""

    fact: Fact
    sources: tuple[Source, ...]


def told_once(facts: Iterable[Fact]) -> list[Told]:
    """Facts, with those that say the same of the same subject put together; the plainest wording stands for all."""
    groups: dict[str, list[list[Fact]]] = {}
    for fact in facts:
        for group in groups.setdefault(normal(fact.subject), []):
            if says_the_same(group[0].value, fact.value):
                group.append(fact)
                break
        else:
            groups[normal(fact.subject)].append([fact])
    return [Told(group[0], tuple(dict.fromkeys(f.source for f in group))) for of in groups.values() for group in of]


def noun(subject: str, plain: str = "term") -> str:
    """How a stem names what ``subject`` is one of: "optimizer", "gate", else ``plain``."""
    term = find_term(subject)
    return term.noun if term else plain


def slug(text: str, words: int = 4) -> str:
    """The first words of a text as part of an id."""
    plain = re.sub(r"[^a-z0-9]+", " ", normal(text).encode("ascii", "ignore").decode()).split()
    return "-".join(plain[:words])[:48].strip("-") or "x"


def said(fact: Fact) -> str:
    """Where a fact stands, for explanations."""
    lines = (
        str(fact.source.first) if fact.source.first == fact.source.last else f"{fact.source.first}–{fact.source.last}"
    )
    return f"({fact.source.document}, line {lines})"


def qualified(stem: str, facts: Sequence[Fact]) -> str:
    """The stem with the conditions that errata demand."""
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
) -> Item:
    """An item with the identity, provenance and topic of ``fact``."""
    rests = tuple(facts) or (fact,)
    return Item(
        id=f"{slug(fact.subject)}-{form}-{fact.id[:7]}",
        kind=kind,
        topic=fact.topic,
        level=level,
        difficulty=round(min(0.9, DIFFICULTY[level] + harder), 2),
        stem=qualified(stem, rests),
        explanation=explanation,
        options=options,
        sources=tuple(dict.fromkeys([*(sources or ()), *(f.source for f in rests)])),
        facts=tuple(dict.fromkeys(f.id for f in rests)),
        origin="fact",
    )


def siblings(knowledge: Knowledge, fact: Fact, pool: Iterable[Fact]) -> list[tuple[int, Fact]]:
    """Facts of the same class, with how near they stand: 0 same list, 1 same section, 2 elsewhere."""
    kind, mine = knowledge.kind_of(fact), find_term(fact.subject)
    found = []
    for other in pool:
        theirs = find_term(other.subject)
        if normal(other.subject) == normal(fact.subject) or (mine and theirs and mine.kind != theirs.kind):
            continue
        if other.group == fact.group:
            found.append((0, other))
        elif knowledge.kind_of(other) == kind:
            found.append((1 if other.source.document == fact.source.document else 2, other))
    return found


def with_fields(item: Item, **fields: object) -> Item:
    return replace(item, **fields)  # type: ignore[arg-type]
