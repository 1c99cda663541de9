"""Pairs that an arrow joins: task → output layer → loss; and opposites: too high → …, too low → …"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, around, cite, item_on, with_fields
from question_bank.generate.knowledge import Knowledge, gives_away, is_opinion, is_vague, says_the_same
from question_bank.item import MATCHING, SINGLE, Item, Pair
from question_bank.lexicon import normal
from question_bank.options import Candidate, arrange, capital, choose, small

MOST_PAIRS = 40
_SIDE = re.compile(
    r"\b(too |very )?(high|low|large|small|many|few|much|little|long|short|deep|shallow|strong|weak|big|fast|"
    r"slow|more|less|fewer|higher|lower)\b",
    re.IGNORECASE,
)


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    lists: dict[str, list[Fact]] = defaultdict(list)
    sides: list[Fact] = []
    for fact in knowledge.usable:
        if fact.kind == facts.PAIRING:
            (sides if _SIDE.search(fact.subject) else lists[fact.group]).append(fact)
        elif fact.kind in (facts.MEMBER, facts.ATTRIBUTE) and re.search(r"\btoo\b", fact.relation):
            sides.append(fact)
    for group in lists.values():
        yield from _pairs(knowledge, group)
    yield from _opposites(sides)


def _pairs(knowledge: Knowledge, group: Sequence[Fact]) -> Iterator[Item | Doubt]:
    if len(group) > MOST_PAIRS:
        yield from (Doubt(fact, "a list for looking things up, too long to be learned") for fact in group)
        return
    if len(group) < 3:
        yield from (Doubt(fact, "fewer than three pairs to choose from") for fact in group)
        return
    if any(is_opinion(f.value) or len(f.value.split()) > 14 or len(f.subject.split()) > 9 for f in group):
        yield from (Doubt(fact, "opinion, or sentences instead of pairs") for fact in group)
        return
    unique = len({normal(f.value) for f in group}) == len(group)
    what = _what(group[0])
    for fact in group:
        if gives_away(fact.subject, fact.value):
            continue
        candidates = [
            Candidate(capital(o.value), f"That belongs to “{o.subject}”.", 0, o.id)
            for o in group
            if normal(o.value) != normal(fact.value) and not says_the_same(o.value, fact.value)
        ]
        stem = f"{what}: what belongs to “{fact.subject}”?"
        wrong = choose(capital(fact.value), candidates, f"{fact.id}-pair", stem)
        if wrong is None:
            continue
        yield item_on(
            fact,
            "pair",
            SINGLE,
            stem,
            f"{capital(fact.subject)} → {fact.value} {cite(fact)}.",
            level="apply",
            options=arrange(capital(fact.value), wrong, f"{fact.id}-pair"),
        )
    plain = [f for f in group if not gives_away(f.subject, f.value)]
    if unique and len(plain) >= 3:
        item = item_on(
            plain[0],
            "match",
            MATCHING,
            f"{what}: match what belongs together.",
            "; ".join(f"{f.subject} → {f.value}" for f in plain[:6]) + f" {cite(plain[0])}.",
            level="apply",
            facts=plain[:6],
        )
        yield with_fields(item, pairs=tuple(Pair(_left(f), capital(f.value)) for f in plain[:6]))


def _left(fact: Fact) -> str:
    return f"`{fact.subject}`" if fact.relation.startswith("formula `") else capital(fact.subject)


def _what(fact: Fact) -> str:
    if fact.relation.startswith("formula `"):
        return f"In the {fact.relation}"
    label = fact.relation if len(fact.relation.split()) > 1 else ""
    return capital(label or (fact.section[-1] if fact.section else "the notes"))


def _opposites(sides: Sequence[Fact]) -> Iterator[Item | Doubt]:
    """ "Too few epochs" and "too many epochs": the other side is the best wrong option."""
    for fact in sides:
        if _too_vague(fact):
            yield Doubt(fact, "too vague or too long for an opposite")
            continue
        heading = fact.section[-1:] if fact.section else ()
        about = _condition(fact)
        candidates = [
            Candidate(
                capital(o.value), f"That goes with “{_condition(o)}”.", 0 if o.section[-1:] == heading else 1, o.id
            )
            for o in around(fact, sides)
            if not _too_vague(o) and _condition(o) != about and not says_the_same(o.value, fact.value)
        ]
        stem = f"What goes with “{about}”?"
        wrong = choose(capital(fact.value), candidates, f"{fact.id}-side", stem)
        if wrong is None or gives_away(about, fact.value) or not any(c.near == 0 for c in wrong):
            continue
        yield item_on(
            fact,
            "side",
            SINGLE,
            stem,
            f"{capital(about)}: {fact.value} {cite(fact)}.",
            level="analyse",
            options=arrange(capital(fact.value), wrong, f"{fact.id}-side"),
        )


def _too_vague(fact: Fact) -> bool:
    return (
        is_vague(fact.value) or len(fact.value.split()) > 16 or bool(re.search(r"\b(may|might)\b.*\bnot\b", fact.value))
    )


def _condition(fact: Fact) -> str:
    """ "learning rate too high", from the label or the left side of the arrow."""
    if fact.kind == facts.PAIRING:
        return fact.subject
    label = small(fact.relation)
    return label if len(label.split()) > 2 else f"{fact.subject}: {label}"
