"""Definition ↔ term: which term is described, what describes a term, which descriptions belong to which terms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import (
    Doubt,
    Siblings,
    Statement,
    cite,
    conditioned,
    item_on,
    merge_statements,
    noun,
    with_fields,
)
from question_bank.generate.knowledge import Knowledge, gives_away, is_opinion, is_vague, nested_terms, same_term
from question_bank.item import MATCHING, SINGLE, Item, Pair
from question_bank.lexicon import find_term, normal, stems
from question_bank.options import Candidate, arrange, capital, choose

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
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    statements = merge_statements(f for f in knowledge.usable if _describes(f))
    usable_statements: list[Statement] = []
    for statement in statements:
        reason = _doubt(statement.fact) or _doubt_of_class(knowledge, statement.fact)
        if reason:
            yield Doubt(statement.fact, reason)
        else:
            usable_statements.append(statement)
    usable = Siblings(knowledge, [statement.fact for statement in usable_statements])
    for statement in usable_statements:
        if is_advice(statement.fact):
            continue
        near = usable.of(statement.fact)
        yield from _which_term(knowledge, statement, near)
        yield from _which_description(knowledge, statement, near)
    yield from _matching(knowledge, usable_statements)


def is_advice(fact: Fact) -> bool:
    """Whether the fact stands under a heading or label of practices, tips or mistakes."""
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


def _which_term(knowledge: Knowledge, statement: Statement, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    fact = statement.fact
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
        f"{capital(fact.subject)}: {fact.value} {cite(fact)}.",
        sources=statement.sources,
        harder=0.05 if all(c.near == 0 for c in wrong) else 0.0,
        options=arrange(capital(fact.subject), wrong, f"{fact.id}-term"),
    )


def _which_description(knowledge: Knowledge, statement: Statement, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    fact = statement.fact
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
        f"{capital(fact.subject)}: {fact.value} {cite(fact)}.",
        level="understand",
        sources=statement.sources,
        options=arrange(key, wrong, f"{fact.id}-says"),
        conditions=not beside,
    )


def _named_in(subject: str, text: str) -> bool:
    """Whether ``text`` holds the term or one of its other names."""
    term, words = find_term(subject), normal(text)
    names = (term.name, *term.aliases) if term else (subject,)
    return any(re.search(rf"\b{re.escape(normal(name))}\b", words) for name in names)


def _matching(knowledge: Knowledge, statements: Sequence[Statement]) -> Iterator[Item]:
    """Three to five terms of one list with their descriptions, where each description fits one term only.

    A description's condition stands with it, not in the stem.
    """
    lists: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.fact.kind == facts.DEFINITION and not gives_away(
            statement.fact.subject, conditioned(statement.fact)
        ):
            lists[statement.fact.group].append(statement)
    for members in lists.values():
        chosen: list[Statement] = []
        for statement in members:
            apart = all(
                not knowledge.could_be_true(statement.fact.subject, o.fact.value, o.fact.subject)
                and not knowledge.could_be_true(o.fact.subject, statement.fact.value, statement.fact.subject)
                and not gives_away(o.fact.subject, statement.fact.value)
                and not gives_away(statement.fact.subject, o.fact.value)
                and not nested_terms(statement.fact.subject, o.fact.subject)
                and not same_term(statement.fact.subject, o.fact.subject)
                for o in chosen
            )
            if apart:
                chosen.append(statement)
            if len(chosen) == LARGEST:
                break
        if len(chosen) >= 3:
            yield _match(chosen)


def _match(chosen: Sequence[Statement]) -> Item:
    first = chosen[0].fact
    nouns = {noun(statement.fact.subject) for statement in chosen}
    word = f"{nouns.pop()}" if len(nouns) == 1 else "term"
    item = item_on(
        first,
        "match",
        MATCHING,
        f"Match each {word} with its description.",
        "; ".join(f"{statement.fact.subject}: {statement.fact.value}" for statement in chosen) + f" {cite(first)}.",
        level="understand",
        sources=[source for statement in chosen for source in statement.sources],
        facts=[statement.fact for statement in chosen],
        conditions=False,
    )
    pairs = tuple(Pair(capital(statement.fact.subject), capital(conditioned(statement.fact))) for statement in chosen)
    return with_fields(item, pairs=pairs, id=f"{item.id}-{len(chosen)}")
