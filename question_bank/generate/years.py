"""Year ↔ event: when did it appear, what happened in that year, and what came first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, around, cite, item_on, with_fields
from question_bank.generate.knowledge import Knowledge, is_opinion, says_the_same
from question_bank.item import ORDERING, SINGLE, Item, Option, digest
from question_bank.options import Candidate, arrange, capital, choose, draw_number

LATEST = 2025
NEAREST = 2  # years that a wrong year lies away at least


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    events: list[Fact] = []
    of_year: dict[str, list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        if fact.kind != facts.EVENT:
            continue
        if is_opinion(fact.value) or re.search(r"\b(1[89]|20)\d\d\b", fact.value):
            yield Doubt(fact, "an opinion, or an event that tells its own year")
        elif not any(says_the_same(fact.value, o.value) for o in of_year[fact.subject]):
            events.append(fact)
            of_year[fact.subject].append(fact)
    for fact in events:
        yield from _when(fact)
        yield from _what(fact, around(fact, events))
    by_list: dict[str, list[Fact]] = {}
    for fact in events:
        by_list.setdefault(fact.group, []).append(fact)
    for group in by_list.values():
        yield from _order(group)


def _when(fact: Fact) -> Iterator[Item]:
    """Four years in ascending order; at which rank the right one stands is drawn first."""
    identity = f"{fact.id}-when"
    year, rank = int(fact.subject), draw_number(0, 4, identity, "rank")
    steps = [draw_number(NEAREST, 3, identity, "step", str(i)) for i in range(4)]
    below = [year - sum(steps[: i + 1]) for i in range(rank)][::-1]
    above = [year + sum(steps[rank : rank + i + 1]) for i in range(3 - rank)]
    while above and above[-1] > LATEST:  # a year to come is no plausible option: it goes below instead
        above.pop()
        below.insert(0, (below[0] if below else year) - NEAREST)
    years = [*below, year, *above]
    feedback = f"It was {year}."
    yield item_on(
        fact,
        "when",
        SINGLE,
        f"In which year: {fact.value}?"
        if fact.relation == "event"
        else f"Which year do the notes give for {fact.value}?",
        f"{year}: {fact.value} {cite(fact)}.",
        options=tuple(Option(str(y), y == year, "" if y == year else feedback) for y in years),
    )


def _what(fact: Fact, events: Sequence[Fact]) -> Iterator[Item]:
    candidates = [
        Candidate(capital(o.value), f"That was {o.subject}.", int(o.group != fact.group), o.id)
        for o in events
        if o.subject != fact.subject and o.relation == fact.relation and not says_the_same(o.value, fact.value)
    ]
    stem = f"Which of these belongs to the year {fact.subject}?"
    wrong = choose(capital(fact.value), candidates, f"{fact.id}-what", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        "what",
        SINGLE,
        stem,
        f"{fact.subject}: {fact.value} {cite(fact)}.",
        options=arrange(capital(fact.value), wrong, f"{fact.id}-what"),
    )


def _order(group: Sequence[Fact]) -> Iterator[Item]:
    years: dict[str, Fact] = {}
    for fact in group:
        years.setdefault(fact.subject, fact)
    chosen = sorted(years.values(), key=lambda f: digest("order", f.id))[:5]
    if len(chosen) < 3:
        return
    chosen.sort(key=lambda f: int(f.subject))
    item = item_on(
        chosen[0],
        "order",
        ORDERING,
        "Put these events in the order in which they happened, earliest first."
        if chosen[0].relation == "event"
        else "Put these in the order of the years that the notes give for them, earliest first.",
        "; ".join(f"{f.subject}: {f.value}" for f in chosen) + f" {cite(chosen[0])}.",
        level="understand",
        facts=chosen,
    )
    yield with_fields(item, steps=tuple(capital(f.value) for f in chosen))
