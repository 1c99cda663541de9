"""Definition ↔ term: which term is described, what describes a term, which descriptions belong to which terms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank import facts
from question_bank.choosing import Candidate, arrange, capital, choose
from question_bank.facts import Fact
from question_bank.generate.common import (
    Doubt,
    Siblings,
    Told,
    conditioned,
    item_on,
    noun,
    said,
    told_once,
    with_fields,
)
from question_bank.item import MATCHING, SINGLE, Item, Pair
from question_bank.lexicon import find_term, normal, stems
from question_bank.relations import Knowledge, gives_away, is_opinion, is_vague, nested_terms, same_term

LARGEST = 5  # pairs of a matching item
SHORTEST, LONGEST = 2, 26  # words of a description
# Labels of lists that say what a thing does: "Why use it?", "Pros", "Key features of the decoder".
SAYS = re.compile(
    r"why .*|how (does|do) .*|pros|effects?|key features.*|features|.* simplification|key innovation|symptoms of .*"
)
# Attributes that say what a thing is for, in words that fit no other attribute's list.
IS = re.compile(r"(key |main )?(idea|insight|purpose|effect|benefit|innovation|operation|training|difference.*)")

# Lists of advice: "Start Simple" is no term, and only side by side do the entries belong to one slogan each.
_ADVICE = re.compile(
    r".*\b(practices?|tips|advice|recommendations|guidelines|mistakes|pitfalls|rules of thumb)\b.*", re.IGNORECASE
)
# Words that point at what was said before.
_POINTS_BACK = re.compile(
    r"(both|it|its|they|their|these|this|those|that|such|he|she|another|the (same|other|latter|former)|"
    r"[\w-]+( [\w-]+){0,3}, (it|they|this|he|she|we|you))\b",
    re.IGNORECASE,
)
# A sentence with a subject of its own: it says something of that, not of the term.
_OWN_SUBJECT = re.compile(
    r"(?:(?:the|an?|each|every|all|some|most) )?(?P<subject>(?:(?!that|which|who|where|when|to|"
    r"of)[\w'’-]+ ){1,3}?)(?:\([^)]*\) )?(?:is|are|was|were|has|have|requires?)\b",
    re.IGNORECASE,
)


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    told = told_once(f for f in knowledge.usable if _describes(f))
    good: list[Told] = []
    for one in told:
        reason = _doubt(one.fact) or _doubt_of_class(knowledge, one.fact)
        if reason:
            yield Doubt(one.fact, reason)
        else:
            good.append(one)
    usable = Siblings(knowledge, [one.fact for one in good])
    for one in good:
        if is_advice(one.fact):
            continue
        near = usable.of(one.fact)
        yield from _which_term(knowledge, one, near)
        yield from _which_description(knowledge, one, near)
    yield from _matching(knowledge, good)


def is_advice(fact: Fact) -> bool:
    return any(_ADVICE.fullmatch(name) for name in (*fact.section[-1:], fact.relation))


def _doubt_of_class(knowledge: Knowledge, fact: Fact) -> str:
    if knowledge.true_of_class(fact.subject, fact.value):
        return f"the notes say it of every {noun(fact.subject)}"
    return ""


def points_elsewhere(fact: Fact) -> bool:
    """Whether the words need what stands before them, or are about another thing than the fact's subject."""
    if _POINTS_BACK.match(fact.value):
        return True
    own = _OWN_SUBJECT.match(fact.value)
    return own is not None and not stems(own["subject"]) & stems(fact.subject)


def _describes(fact: Fact) -> bool:
    """Whether a fact says what its subject is or does; statements need a subject that the course knows."""
    if fact.kind == facts.DEFINITION:
        return True
    stated = fact.kind == facts.STATEMENT
    stated = stated or (fact.kind in (facts.MEMBER, facts.ATTRIBUTE) and SAYS.fullmatch(fact.relation) is not None)
    stated = stated or (fact.kind == facts.ATTRIBUTE and IS.fullmatch(fact.relation) is not None)
    return stated and find_term(fact.subject) is not None


def _doubt(fact: Fact) -> str:
    words = len(fact.value.split())
    if not SHORTEST <= words <= LONGEST:
        return f"a description of {words} words is too {'short' if words < SHORTEST else 'long'} for an item"
    if is_opinion(fact.value):
        return "opinion, praise or frequency: no matter of fact"
    if re.search(r"\\[\[(]|[|{}]", fact.value):
        return "holds a formula"
    if is_vague(fact.value):
        return "too vague: it could describe other things"
    if fact.value.startswith(("Example", "e.g.", "For example")) or fact.value.rstrip().endswith(
        (":", "?", "…", "...")
    ):
        return "not a statement"
    if points_elsewhere(fact):
        return "is about something else, or needs the words before it"
    if re.search(r" [/&+] |\b(formula|equation)s?$", fact.subject) and find_term(fact.subject) is None:
        return "two terms, or a formula instead of a term"
    if len(fact.subject.split()) > 6 or not any(c.isalpha() for c in fact.subject) or len(fact.subject) < 2:
        return "no term"
    return ""


def _which_term(knowledge: Knowledge, told: Told, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    fact = told.fact
    if gives_away(fact.subject, fact.value):
        return
    candidates = [
        Candidate(capital(other.subject), f"{capital(other.subject)}: {other.value}.", distance, other.id)
        for distance, other in near
        if not knowledge.could_be_true(other.subject, fact.value, fact.subject)
        and not gives_away(other.subject, fact.value)
    ]
    term = find_term(fact.subject)
    candidates += [
        Candidate(capital(other.name), f"The notes say something else of {other.name}.", 2, other.name)
        for other in (knowledge.mentioned.get(term.kind, ()) if term and candidates else ())
        if not knowledge.could_be_true(other.name, fact.value, fact.subject) and not gives_away(other.name, fact.value)
    ]
    stem = f"Which {noun(fact.subject)} fits this description: “{fact.value}”?"
    wrong = choose(capital(fact.subject), candidates, f"{fact.id}-term", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "term",
        SINGLE,
        stem,
        f"{capital(fact.subject)}: {fact.value} {said(fact)}.",
        sources=told.sources,
        harder=0.05 if all(c.near == 0 for c in wrong) else 0.0,
        options=arrange(capital(fact.subject), wrong, f"{fact.id}-term"),
    )


def _which_description(knowledge: Knowledge, told: Told, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    fact = told.fact
    if gives_away(fact.subject, fact.value):
        return
    # In the stem, a condition that repeats words of the statement would point at the key; then it goes beside it.
    beside = bool(stems(fact.qualification) & stems(fact.value))
    if beside and (gives_away(fact.subject, fact.qualification) or _named_in(fact.subject, fact.qualification)):
        return
    candidates = [
        Candidate(
            capital(conditioned(other) if beside else other.value),
            f"That describes {other.subject}.",
            distance,
            other.id,
        )
        for distance, other in near
        if not knowledge.could_be_true(fact.subject, other.value, other.subject)
        and not gives_away(other.subject, other.value)
        and not gives_away(fact.subject, other.value)
    ]
    stem = f"Which description fits the {noun(fact.subject)} “{fact.subject}”?"
    key = capital(conditioned(fact) if beside else fact.value)
    wrong = choose(key, candidates, f"{fact.id}-says", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "says",
        SINGLE,
        stem,
        f"{capital(fact.subject)}: {fact.value} {said(fact)}.",
        level="understand",
        sources=told.sources,
        options=arrange(key, wrong, f"{fact.id}-says"),
        conditions=not beside,
    )


def _named_in(subject: str, text: str) -> bool:
    """Whether ``text`` holds the term or one of its other names."""
    term, words = find_term(subject), normal(text)
    names = (term.name, *term.aliases) if term else (subject,)
    return any(re.search(rf"\b{re.escape(normal(name))}\b", words) for name in names)


def _matching(knowledge: Knowledge, good: Sequence[Told]) -> Iterator[Item]:
    """Three to five terms of one list with their descriptions, where each description fits one term only.

    A description's condition stands with it, not in the stem.
    """
    lists: dict[str, list[Told]] = defaultdict(list)
    for one in good:
        if one.fact.kind == facts.DEFINITION and not gives_away(one.fact.subject, conditioned(one.fact)):
            lists[one.fact.group].append(one)
    for members in lists.values():
        chosen: list[Told] = []
        for one in members:
            apart = all(
                not knowledge.could_be_true(one.fact.subject, o.fact.value, o.fact.subject)
                and not knowledge.could_be_true(o.fact.subject, one.fact.value, one.fact.subject)
                and not gives_away(o.fact.subject, one.fact.value)
                and not gives_away(one.fact.subject, o.fact.value)
                and not nested_terms(one.fact.subject, o.fact.subject)
                and not same_term(one.fact.subject, o.fact.subject)
                for o in chosen
            )
            if apart:
                chosen.append(one)
            if len(chosen) == LARGEST:
                break
        if len(chosen) >= 3:
            yield _match(chosen)


def _match(chosen: Sequence[Told]) -> Item:
    first = chosen[0].fact
    nouns = {noun(one.fact.subject) for one in chosen}
    word = f"{nouns.pop()}" if len(nouns) == 1 else "term"
    item = item_on(
        first,
        "match",
        MATCHING,
        f"Match each {word} with its description.",
        "; ".join(f"{one.fact.subject}: {one.fact.value}" for one in chosen) + f" {said(first)}.",
        level="understand",
        sources=[source for one in chosen for source in one.sources],
        facts=[one.fact for one in chosen],
        conditions=False,
    )
    pairs = tuple(Pair(capital(one.fact.subject), capital(conditioned(one.fact))) for one in chosen)
    return with_fields(item, pairs=pairs, id=f"{item.id}-{len(chosen)}")
