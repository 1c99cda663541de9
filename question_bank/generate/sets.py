"""Closed small sets: which of these are gates of an LSTM, which is a kind of pooling."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, item_on
from question_bank.generate.definitions import SAYS
from question_bank.generate.knowledge import Knowledge, gives_away, is_opinion, nested_terms, same_term
from question_bank.item import MULTIPLE, SINGLE, Item, Option, digest
from question_bank.lexicon import find_term, normal, singular, without_brackets
from question_bank.options import Candidate, arrange, capital, choose, draw_number, small

# Labels of sets whose members are a matter of fact and are not shared with the next thing of the kind.
_CLOSED = re.compile(
    r"(the (two|three|four|five|six|seven|eight) .*|([\w/-]+ ){0,2}"
    r"(types?|kinds?|components?|parts|gates?|variants?|variations|hyperparameters?|parameters|layers?|stages|"
    r"phases|levels|"
    r"properties|axioms|laws|members|classes|augmentations?|techniques|methods|strategies)( of .*)?)",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"application|benefit|advantage|challenge|\buse|example|best|practice|concept|tip|criteria|trade|why|when|how",
    re.IGNORECASE,
)


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    lists: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        if fact.kind == facts.MEMBER and not SAYS.fullmatch(fact.relation):
            lists[(fact.subject, fact.relation, fact.group)].append(fact)
    sets = {
        key: members
        for key, members in lists.items()
        if _CLOSED.fullmatch(key[1]) and not _OPEN.search(key[1]) and 2 <= len(members) <= 8 and _are_names(members)
    }
    for (subject, label, _), members in lists.items():
        if (subject, label, members[0].group) not in sets:
            reason = (
                "members are sentences, not names"
                if _CLOSED.fullmatch(label)
                else f"members of “{label}” overlap with those of other things"
                if _OPEN.search(label)
                else f"“{label}” is not known to be a closed set"
            )
            yield from (Doubt(fact, reason) for fact in members)
    for (subject, label, _), members in sets.items():
        outside = _outsiders(knowledge, subject, label, members, sets)
        yield from _select_all(subject, label, members, outside)
        yield from _which_member(subject, label, members, outside)


def _are_names(members: Sequence[Fact]) -> bool:
    return all(len(_member(f.value).split()) <= 4 and not is_opinion(f.value) and "→" not in f.value for f in members)


def _member(text: str) -> str:
    return without_brackets(text).split(": ")[0].strip()


def _outsiders(
    knowledge: Knowledge,
    subject: str,
    label: str,
    members: Sequence[Fact],
    sets: dict[tuple[str, str, str], list[Fact]],
) -> list[Fact]:
    """Members of other sets that no document puts into this one and that no member is a part or another name of."""
    inside = [_member(f.value) for f in members]
    every = [
        _member(f.value)
        for f in knowledge.usable
        if f.kind == facts.MEMBER and (same_term(f.subject, subject) or nested_terms(f.subject, subject))
    ]
    said_of = " ".join(knowledge.about(subject))
    kinds = {t.kind for t in map(find_term, inside) if t}
    mine = find_term(subject)
    outsiders = []
    for (other_subject, other_label, _), others in sets.items():
        if same_term(other_subject, subject) or nested_terms(other_subject, subject):
            continue
        theirs = find_term(other_subject)
        # Parts of one thing are plausible among the parts of another only where the things are of a kind.
        if mine and theirs:
            same = theirs.kind == mine.kind and mine.noun != "term"
        else:
            same = mine is theirs and _beside(members[0], others[0])
        alike = _head(other_label) == _head(label) and same
        for fact in others:
            name = _member(fact.value)
            term = find_term(name)
            near = (term is not None and term.kind in kinds) or alike
            clash = any(
                same_term(name, other_name) or nested_terms(name, other_name) for other_name in [*every, subject]
            )
            if near and not clash and normal(name) not in normal(said_of):
                outsiders.append(fact)
    return outsiders


def _beside(fact: Fact, other: Fact) -> bool:
    """Whether two lists stand in one document under headings of the same parent."""
    return fact.source.document == other.source.document and fact.section[:-1] == other.section[:-1]


def _head(label: str) -> str:
    """The noun of a label: "Common types of pooling" → "type"."""
    words = re.split(r"\bof\b", label)[0].split()
    return singular(words[-1].casefold()) if words else ""


def _what(subject: str, label: str) -> str:
    label = small(label)
    if re.search(r"\bof\b", label) or normal(subject) in normal(label):
        return label
    return f"{label} of {_with_article(subject)}"


def _with_article(subject: str) -> str:
    term = find_term(subject)
    return f"“{term.name if term else subject}”"


def _select_all(subject: str, label: str, members: Sequence[Fact], outside: Sequence[Fact]) -> Iterator[Item]:
    if len(members) < 2 or len(outside) < 2:
        return
    identity = f"{members[0].id}-all"
    right = sorted(members, key=lambda f: digest(identity, f.id))[
        : draw_number(2, min(3, len(members) - 1), identity, "right")
    ]
    wrong = sorted(outside, key=lambda f: digest(identity, f.id))
    wrong = list({normal(_member(f.value)): f for f in reversed(wrong)}.values())
    wrong = sorted(wrong, key=lambda f: digest(identity, f.id))[: max(2, 5 - len(right))]
    if len(wrong) < 2:
        return
    options = [Option(capital(_member(f.value)), True) for f in right]
    options += [
        Option(capital(_member(f.value)), False, f"It belongs to the {_what(f.subject, f.relation)}.") for f in wrong
    ]
    options.sort(key=lambda o: digest(identity, "order", o.text))
    listed = ", ".join(_member(f.value) for f in members)
    yield item_on(
        members[0],
        "all",
        MULTIPLE,
        f"Select all that belong to the {_what(subject, label)}.",
        f"The {_what(subject, label)}: {listed} {cite(members[0])}.",
        level="understand",
        facts=list(members),
        options=tuple(options),
    )


def _which_member(subject: str, label: str, members: Sequence[Fact], outside: Sequence[Fact]) -> Iterator[Item]:
    for fact in members:
        name = _member(fact.value)
        if gives_away(name, f"{subject} {label}"):
            continue
        candidates = [
            Candidate(
                capital(_member(o.value)),
                f"It belongs to the {_what(o.subject, o.relation)}.",
                int(o.source.document != fact.source.document),
                o.id,
            )
            for o in outside
            if not gives_away(_member(o.value), f"{subject} {label}")
        ]
        stem = f"Which of these belongs to the {_what(subject, label)}?"
        wrong = choose(capital(name), candidates, f"{fact.id}-member", stem)
        if wrong is None:
            continue
        yield item_on(
            fact,
            f"member-{digest(name, length=4)}",
            SINGLE,
            stem,
            f"The {_what(subject, label)}: {', '.join(_member(f.value) for f in members)} {cite(fact)}.",
            options=arrange(capital(name), wrong, f"{fact.id}-member"),
        )
