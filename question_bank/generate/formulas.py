"""Formula ↔ name, with the name hidden on the left side of the formula."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, Siblings, cite, item_on, noun
from question_bank.generate.knowledge import Knowledge, gives_away, same_term
from question_bank.item import SINGLE, Item
from question_bank.lexicon import normal
from question_bank.options import Candidate, arrange, capital, choose

LONGEST = 90


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    by_form: dict[tuple[str, str], Fact] = {}
    for fact in knowledge.usable:
        if fact.kind != facts.FORMULA:
            continue
        if re.fullmatch(r"\W*\w+(\(\s*\w+\s*\))?\W*", fact.value.split("=", 1)[-1]):
            yield Doubt(fact, "a formula that only names a function")
            continue
        if len(fact.value) > LONGEST or "\n" in fact.value or fact.value.count("=") != 1:
            yield Doubt(fact, "a formula of several parts")
            continue
        by_form.setdefault((normal(fact.subject), same_form(fact.value)), fact)
    pool = list(by_form.values())
    forms = Counter(same_form(fact.value) for fact in pool)
    usable = Siblings(knowledge, pool)
    for fact in pool:
        near = [(d, o) for d, o in usable.of(fact) if not same_term(o.subject, fact.subject)]
        near = [(d, o) for d, o in near if same_form(o.value) != same_form(fact.value)]
        hidden = hide(fact)
        if gives_away(fact.subject, hidden) or forms[same_form(fact.value)] > 1:
            continue
        yield from _which_name(fact, hidden, near)
        yield from _which_formula(fact, hidden, near)


def hide(fact: Fact) -> str:
    """The formula with a neutral name on its left side: ReLU(x) = … becomes f(x) = …"""
    left, right = (part.strip() for part in fact.value.split("=", 1))
    call = re.fullmatch(r"[\wσ_]+\s*(\(.*\))(?:[_ᵢi]*)", left)
    name = next(letter for letter in "fghq" if not re.search(rf"\b{letter}\b", fact.value))
    right = re.sub(rf"(?<![\w]){re.escape(left.split('(')[0])}(?=\()", name, right) if call else right
    if call:
        return f"{name}{call[1]} = {right}"
    return (
        f"L = {right}"
        if len(left) == 1 and left.isupper()
        else f"y = {right}"
        if left.isidentifier() and len(left) > 1
        else f"{left} = {right}"
    )


def same_form(formula: str) -> str:
    """A formula's right side without spaces and with one letter for every variable's usual names."""
    right = formula.split("=", 1)[-1]
    right = re.sub(r"exp\((.*?)\)", r"e^(\1)", right)
    right = re.sub(r"[·×*\s`$]", "", right).replace("−", "-").casefold()
    return re.sub(r"\b[xz]\b|(?<![a-z])[xz](?![a-z])", "x", right)


def _which_name(fact: Fact, hidden: str, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    candidates = [
        Candidate(capital(o.subject), f"{capital(o.subject)}: `{o.value}`.", d, o.id)
        for d, o in near
        if not gives_away(o.subject, hidden)
    ]
    stem = f"Which {noun(fact.subject, 'name')} belongs to the formula `{hidden}`?"
    wrong = choose(capital(fact.subject), candidates, f"{fact.id}-name", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "name",
        SINGLE,
        stem,
        f"{capital(fact.subject)}: `{fact.value}` {cite(fact)}.",
        level="understand",
        options=arrange(capital(fact.subject), wrong, f"{fact.id}-name"),
    )


def _which_formula(fact: Fact, hidden: str, near: Sequence[tuple[int, Fact]]) -> Iterator[Item]:
    unique: dict[str, Candidate] = {}
    for d, o in near:
        unique.setdefault(same_form(o.value), Candidate(f"`{hide(o)}`", f"That is {o.subject}.", d, o.id))
    stem = f"Which formula is that of the {noun(fact.subject, 'quantity')} “{fact.subject}”?"
    wrong = choose(f"`{hidden}`", list(unique.values()), f"{fact.id}-formula", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "formula",
        SINGLE,
        stem,
        f"{capital(fact.subject)}: `{fact.value}` {cite(fact)}.",
        options=arrange(f"`{hidden}`", wrong, f"{fact.id}-formula"),
    )
