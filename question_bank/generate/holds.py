"""Select all that holds for a term: what is stated of it, among what is stated of others of its class."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, conditioned, item_on
from question_bank.generate.definitions import SAYS, points_elsewhere
from question_bank.generate.knowledge import Knowledge, alike, gives_away, is_opinion, is_vague, says_the_same
from question_bank.item import MULTIPLE, Item, Option, digest
from question_bank.lexicon import find_term
from question_bank.options import capital, draw_number

LONGEST = 18
_PLAIN = re.compile(r"cons|idea|key idea|problem|purpose|limitations|drawbacks?|key insight|use")
ONE_THING = 0.5  # two statements of one term that share so much are one statement in two wordings


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    of_term: dict[str, list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        term = find_term(fact.subject)
        stated = fact.kind in (facts.DEFINITION, facts.STATEMENT)
        said_of = SAYS.fullmatch(fact.relation) or _PLAIN.fullmatch(fact.relation)
        stated = stated or (fact.kind in (facts.MEMBER, facts.ATTRIBUTE) and said_of is not None)
        if not term or not stated or not _fits(fact) or knowledge.true_of_class(fact.subject, fact.value):
            continue
        if not any(alike(fact.value, o.value) >= ONE_THING for o in of_term[term.name]):
            of_term[term.name].append(fact)
    for name, mine in of_term.items():
        term = find_term(name)
        others = [
            f
            for o, those in of_term.items()
            if o != name
            for f in those
            if (t := find_term(o)) and term and t.kind == term.kind
        ]
        if len(mine) >= 2:
            yield from _select(knowledge, name, mine, others)


def _fits(fact: Fact) -> bool:
    words = len(fact.value.split())
    return (
        2 <= words <= LONGEST
        and not is_opinion(fact.value)
        and not is_vague(fact.value)
        and not points_elsewhere(fact)
        and not re.match(r"(when|if|where)\b", fact.value, re.IGNORECASE)
        and "\\" not in fact.value
        and not gives_away(fact.subject, conditioned(fact))
    )


def _select(knowledge: Knowledge, name: str, mine: list[Fact], others: list[Fact]) -> Iterator[Item]:
    identity = f"{name}-holds-" + "-".join(f.id for f in mine)
    right = sorted(mine, key=lambda f: digest(identity, f.id))[: draw_number(2, 2, identity, "right")]
    wrong: list[Fact] = []
    for fact in sorted(others, key=lambda f: digest(identity, f.id)):
        apart = not knowledge.could_be_true(name, fact.value, fact.subject) and not gives_away(name, fact.value)
        if (
            apart
            and not gives_away(fact.subject, fact.value)
            and not any(says_the_same(fact.value, o.value) for o in [*wrong, *right])
        ):
            wrong.append(fact)
    wrong = wrong[: max(2, 5 - len(right))]
    if len(wrong) < 2:
        return
    term = find_term(name)
    options = [Option(capital(conditioned(f)), True) for f in right]
    options += [Option(capital(conditioned(f)), False, f"That is said of {f.subject}.") for f in wrong]
    options.sort(key=lambda o: digest(identity, "order", o.text))
    yield item_on(
        right[0],
        "holds",
        MULTIPLE,
        f"Select all that the notes say of the {term.noun if term else 'term'} “{name}”.",
        "; ".join(f"{capital(f.value)} {cite(f)}" for f in right) + ".",
        level="analyse",
        facts=right,
        options=tuple(options),
        conditions=False,
    )
