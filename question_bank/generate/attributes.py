"""Attributes that terms of one class share: the range of tanh, the year of AlexNet, advantages and drawbacks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, around, cite, conditioned, item_on, noun, with_fields
from question_bank.generate.knowledge import Knowledge, gives_away, is_opinion, says_the_same
from question_bank.item import MATCHING, SINGLE, Item, Pair
from question_bank.lexicon import find_term, normal
from question_bank.options import Candidate, arrange, capital, choose, small

# Labels of lists that overlap from thing to thing, and questions that only their own context answers.
_OPEN = re.compile(
    r"(applications?|examples?.*|use cases?|best practices|why.*|when.*|how.*|what.*|key (concepts|takeaways|"
    r"difference)|notes?|best when|best for|combines|standard.*|where|important rule|difference.*|"
    r"tips?|visual representation|selection criteria|introduction|features?|key features|trade-offs?|"
    r"solutions?|challenge|models?|benefits?|advantages?|practical applications?)\??",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?\d[\d.,]*\s*%?")


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    groups: dict[str, list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        if fact.kind == facts.ATTRIBUTE:
            groups[normal(fact.relation)].append(fact)
    given = Counter((f.source.document, normal(f.subject), normal(f.relation)) for fs in groups.values() for f in fs)
    for relation, members in groups.items():
        several = [f for f in members if given[f.source.document, normal(f.subject), relation] > 1]
        yield from (Doubt(fact, "one thing has several such entries: a list, no attribute") for fact in several)
        members = [f for f in members if f not in several]
        if _OPEN.fullmatch(relation):
            yield from (Doubt(fact, f"“{relation}” overlaps from one thing to the next") for fact in members)
            continue
        for fact in members:
            if is_opinion(fact.value) or len(fact.value.split()) > 20:
                yield Doubt(fact, "opinion, praise or frequency: no matter of fact")
                continue
            if fact.value.startswith("{") or not re.search(r"[^\W\d_]{2}", fact.subject):
                yield Doubt(fact, "a type, or the entry of a version or a date")
                continue
            near = [o for o in around(fact, members) if _comparable(knowledge, fact, o)]
            yield from _which_value(knowledge, fact, near)
            yield from _which_thing(knowledge, fact, near, members)
        yield from _matching(knowledge, members)


def _comparable(knowledge: Knowledge, fact: Fact, other: Fact) -> bool:
    """Whether the other thing is one of the same class, or at least stands beside this one under the same heading."""
    if normal(fact.subject) == normal(other.subject) or fact.source.document != other.source.document:
        return False
    mine, theirs = find_term(fact.subject), find_term(other.subject)
    if mine and theirs and mine.kind == theirs.kind:
        return True
    return fact.section[:-1] == other.section[:-1] and len(fact.section) > 1


def _differ(a: str, b: str) -> bool:
    if normal(a) == normal(b):
        return False
    if _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b):
        return _NUMBER.findall(a) != _NUMBER.findall(b)
    return not says_the_same(a, b) or bool(re.search(r"\d|[=()\[\]]", a + b))


def _which_value(knowledge: Knowledge, fact: Fact, near: Sequence[Fact]) -> Iterator[Item]:
    if gives_away(fact.subject, fact.value):
        return
    prose = not re.search(r"[\d=()\[\]]", fact.value)
    candidates = [
        Candidate(
            capital(o.value),
            f"That is the {o.relation} of {o.subject}.",
            int(o.section[:-1] != fact.section[:-1]),
            o.id,
        )
        for o in near
        if _differ(fact.value, o.value)
        and not (prose and knowledge.could_be_true(fact.subject, o.value, o.subject))
        and not gives_away(o.subject, o.value)
    ]
    stem = f"“{capital(fact.subject)}”, {small(fact.relation)}: which entry is right?"
    wrong = choose(capital(fact.value), candidates, f"{fact.id}-value", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "value",
        SINGLE,
        stem,
        f"{capital(fact.relation)} of {fact.subject}: {fact.value} {cite(fact)}.",
        options=arrange(capital(fact.value), wrong, f"{fact.id}-value"),
    )


def _which_thing(knowledge: Knowledge, fact: Fact, near: Sequence[Fact], members: Sequence[Fact]) -> Iterator[Item]:
    """The reverse, where the value belongs to one thing only."""
    if gives_away(fact.subject, fact.value) or len(near) < 2:
        return
    others = [o for o in members if normal(o.subject) != normal(fact.subject)]
    if any(not _differ(fact.value, o.value) for o in others):
        return
    prose = not re.search(r"[\d=()\[\]]", fact.value)
    candidates = [
        Candidate(
            capital(o.subject),
            f"{capital(o.relation)} of {o.subject}: {o.value}.",
            int(o.section[:-1] != fact.section[:-1]),
            o.id,
        )
        for o in near
        if not gives_away(o.subject, fact.value)
        and not (prose and knowledge.could_be_true(o.subject, fact.value, fact.subject))
    ]
    stem = f"Which {noun(fact.subject, 'of these')} has this entry under “{fact.relation}”: {fact.value}?"
    wrong = choose(capital(fact.subject), candidates, f"{fact.id}-thing", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "thing",
        SINGLE,
        stem,
        f"{capital(fact.relation)} of {fact.subject}: {fact.value} {cite(fact)}.",
        level="understand",
        options=arrange(capital(fact.subject), wrong, f"{fact.id}-thing"),
    )


def _matching(knowledge: Knowledge, members: Sequence[Fact]) -> Iterator[Item]:
    """Four things of one class with their values, all different."""
    classes: dict[str, list[Fact]] = defaultdict(list)
    for fact in members:
        term = find_term(fact.subject)
        if (
            term
            and not gives_away(fact.subject, fact.value)
            and len(fact.value.split()) <= 12
            and not is_opinion(fact.value)
        ):
            classes[f"{term.kind}|{fact.source.document}"].append(fact)
    for group in classes.values():
        chosen: list[Fact] = []
        for fact in group:
            prose = not re.search(r"[\d=()\[\]]", fact.value)
            if all(
                normal(fact.subject) != normal(o.subject)
                and _differ(fact.value, o.value)
                and not (prose and knowledge.could_be_true(fact.subject, o.value, o.subject))
                and not (prose and knowledge.could_be_true(o.subject, fact.value, fact.subject))
                for o in chosen
            ):
                chosen.append(fact)
        if len(chosen) >= 3:
            yield _match(chosen[:5])


def _match(chosen: Sequence[Fact]) -> Item:
    first = chosen[0]
    item = item_on(
        first,
        "match",
        MATCHING,
        f"Match each {noun(first.subject)} with its {first.relation}.",
        "; ".join(f"{f.subject}: {f.value}" for f in chosen) + f" {cite(first)}.",
        level="understand",
        facts=chosen,
        conditions=False,
    )
    return with_fields(item, pairs=tuple(Pair(capital(f.subject), capital(conditioned(f))) for f in chosen))
