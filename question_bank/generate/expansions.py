"""Acronym ↔ expansion: typed in full, and with one word of it left open."""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, item_on, with_fields
from question_bank.generate.knowledge import Knowledge
from question_bank.item import CLOZE, SHORT, Item
from question_bank.lexicon import singular
from question_bank.options import draw_number

_SMALL = {"of", "the", "and", "for", "to", "in", "on", "a", "an", "by", "with", "from"}


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    by_acronym: dict[str, list[Fact]] = {}
    for fact in knowledge.usable:
        if fact.kind == facts.EXPANSION:
            by_acronym.setdefault(fact.subject, []).append(fact)
    for acronym, facts_of_acronym in by_acronym.items():
        forms = list(dict.fromkeys(_one(f.value) for f in facts_of_acronym))
        if len({form.casefold().replace("-", " ") for form in forms}) > 1:
            yield from (Doubt(fact, f"two expansions of {acronym}: {' / '.join(forms)}") for fact in facts_of_acronym)
            continue
        yield from _items(acronym, forms[0], facts_of_acronym)


def _one(expansion: str) -> str:
    """The expansion in the singular; what stands behind a preposition ("from Transformers") keeps its number."""
    *words, last = expansion.split()
    keeps = any(word in ("from", "of", "for", "in", "on", "with") for word in words)
    return " ".join([*words, singular(last) if len(last) > 4 and not keeps else last])


def _plural(form: str) -> str:
    if form.endswith(("s", "data", "information", "software")):
        return form
    if re.search(r"[^aeiou]y$", form):
        return f"{form[:-1]}ies"
    return f"{form}es" if form.endswith(("ch", "sh", "x", "z")) else f"{form}s"


def _items(acronym: str, form: str, stating: list[Fact]) -> Iterator[Item]:
    fact = stating[0]
    sources = [f.source for f in stating]
    explanation = f"{acronym} stands for “{form}” {cite(fact)}."
    item = item_on(
        fact,
        "stands-for",
        SHORT,
        f"What does “{acronym}” stand for? Write it in full.",
        explanation,
        sources=sources,
    )
    plural = _plural(form)
    accepted = dict.fromkeys([form, *(f.value for f in stating), plural])
    yield with_fields(item, accepted=tuple(accepted))
    words = form.split()
    open_to = [
        i
        for i, word in enumerate(words)
        if word.casefold() not in _SMALL and len(word) > 3 and word.casefold() != acronym.casefold()
    ]
    if len(words) < 3 or not open_to:
        return
    gap = open_to[draw_number(0, len(open_to), fact.id, "gap")]
    text = " ".join("{1}" if i == gap else word for i, word in enumerate(words))
    cloze = item_on(
        fact,
        "gap",
        CLOZE,
        f"Complete the expansion of “{acronym}” with one word: {text}",
        explanation,
        sources=sources,
    )
    yield with_fields(
        cloze, gaps=((words[gap], singular(words[gap])) if singular(words[gap]) != words[gap] else (words[gap],),)
    )
