"""Processes: put the steps in order, and what comes directly after a step."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, item_on, with_fields
from question_bank.generate.knowledge import Knowledge, is_opinion, says_the_same
from question_bank.item import ORDERING, SINGLE, Item
from question_bank.options import Candidate, arrange, capital, choose

# Labels that say no more than that there are steps.
_PLAIN = re.compile(r"([\w-]+ )?(steps?|process|procedure|method|instructions?|workflow)", re.IGNORECASE)
LONGEST = 24  # words of a step
_TELLS = re.compile(
    r"\b(first|then|next|finally|lastly|after that|repeat\w*|again|this process|continues?|step \d)\b", re.IGNORECASE
)


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    lists: dict[str, list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        if fact.kind == facts.STEP:
            lists[fact.group].append(fact)
    for steps in lists.values():
        steps.sort(key=lambda f: f.order)
        reason = _doubt(steps)
        if reason:
            yield from (Doubt(fact, reason) for fact in steps)
            continue
        yield from _order(steps)
        yield from _next(steps)


def _doubt(steps: Sequence[Fact]) -> str:
    numbers = [f.order for f in steps]
    if len(steps) < 3:
        return "fewer than three steps are left"
    if len(steps) > 9:
        return "too many steps for one item"
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] != 1:
        return "a step is missing: an erratum keeps it out, or the numbers have a gap"
    if any(len(f.value.split()) > LONGEST for f in steps):
        return "a step is too long"
    if any(is_opinion(f.value) for f in steps):
        return "a step holds an opinion"
    if any(says_the_same(a.value, b.value) for i, a in enumerate(steps) for b in steps[:i]):
        return "two steps say the same"
    return ""


def _name(steps: Sequence[Fact]) -> str:
    first = steps[0]
    relation = "" if _PLAIN.fullmatch(first.relation) else first.relation
    return f"“{relation.removesuffix(', in order')}” ({first.subject})" if relation else f"“{first.subject}”"


def _order(steps: Sequence[Fact]) -> Iterator[Item]:
    # A last step such as "repeat" needs no thought; without it there must still be something to order.
    shown = [f for f in steps if not _TELLS.search(f.value)]
    if len(shown) < 3:
        return
    item = item_on(
        steps[0],
        "order",
        ORDERING,
        f"Put these steps of {_name(steps)} in the order in which they happen, first one first.",
        "; ".join(f"{n}. {f.value}" for n, f in enumerate(steps, 1)) + f" {cite(steps[0])}.",
        level="understand",
        facts=list(steps),
    )
    yield with_fields(item, steps=tuple(capital(f.value) for f in shown))


def _next(steps: Sequence[Fact]) -> Iterator[Item]:
    for i in range(len(steps) - 1):
        now, after = steps[i], steps[i + 1]
        if _TELLS.search(after.value) or _TELLS.search(now.value):
            continue
        others = [f for f in steps if f not in (now, after) and not _TELLS.search(f.value)]
        candidates = [
            Candidate(capital(f.value), f"That is step {f.order}; “{now.value}” is step {now.order}.", 0, f.id)
            for f in others
        ]
        stem = f"In {_name(steps)}, which step comes directly after “{now.value}”?"
        wrong = choose(capital(after.value), candidates, f"{after.id}-next", stem)
        if wrong is None:
            continue
        yield item_on(
            after,
            "next",
            SINGLE,
            stem,
            f"Step {now.order}: {now.value}. Step {after.order}: {after.value} {cite(after)}.",
            level="understand",
            facts=[now, after],
            options=arrange(capital(after.value), wrong, f"{after.id}-next"),
        )
