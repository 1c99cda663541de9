"""Tables: the cell where a row and a column meet, with the other cells of its line as wrong options."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, item_on, noun
from question_bank.generate.knowledge import Knowledge, gives_away, is_opinion
from question_bank.item import SINGLE, Item
from question_bank.lexicon import find_term, normal
from question_bank.options import Candidate, arrange, capital, choose

ROWS, COLUMNS = 40, 12  # of a table that is taught
_RATING = re.compile(
    r"(very )?(high|low|medium|good|excellent|fair|poor|easy|hard|difficult|fast|slow|yes|no|moderate|better|"
    r"worse|✓|✗|x)( \(.*\))?",
    re.IGNORECASE,
)


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    tables: dict[str, list[Fact]] = defaultdict(list)
    for fact in knowledge.usable:
        if fact.kind == facts.CELL:
            tables[fact.group.split("|")[0]].append(fact)
    for cells in tables.values():
        if any(_RATING.fullmatch(f.value) or is_opinion(f.value) for f in cells):
            yield from (Doubt(fact, "a table of ratings or opinions") for fact in cells)
            continue
        if len({f.subject for f in cells}) > ROWS or len({f.relation for f in cells}) > COLUMNS:
            yield from (Doubt(fact, "a table for looking things up, too large to be learned") for fact in cells)
            continue
        if not _names_things(cells):
            yield from (Doubt(fact, "rows that mean something only beside their table") for fact in cells)
            continue
        for fact in cells:
            column = [f for f in cells if f.relation == fact.relation and f.subject != fact.subject]
            row = [f for f in cells if f.subject == fact.subject and f.relation != fact.relation]
            # Things stand in rows (a column is one property), or in columns (a row is one property).
            yield from _cell(fact, column if _things_in_rows(cells) else row)
            yield from _thing(fact, column, cells)


def _names_things(cells: Sequence[Fact]) -> bool:
    """Whether most rows or most columns are names, so that a question can stand without the table."""
    for names in ({f.subject for f in cells}, {f.relation for f in cells}):
        if sum(_is_name(name) for name in names) * 2 > len(names) and any(find_term(name) for name in names):
            return True
    return sum(_is_name(name) for name in {f.subject for f in cells}) == len({f.subject for f in cells})


def _is_name(text: str) -> bool:
    words = len(text.split()) <= 3 and re.fullmatch(r"[^\W\d_][\w .'-]*", text) is not None
    return find_term(text) is not None or words


def _table(fact: Fact) -> str:
    """The table's title: its label, or the heading it stands under."""
    return fact.section[-1] if fact.section else fact.source.document


def _things_in_rows(cells: Sequence[Fact]) -> bool:
    rows, columns = {f.subject for f in cells}, {f.relation for f in cells}
    known = (
        sum(find_term(r) is not None for r in rows) / len(rows),
        sum(find_term(c) is not None for c in columns) / len(columns),
    )
    return known[0] > known[1] or (known[0] == known[1] and len(rows) >= len(columns))


def _cell(fact: Fact, line: Sequence[Fact]) -> Iterator[Item]:
    if gives_away(fact.subject, fact.value) or len(fact.value.split()) > 16:
        return
    candidates = [
        Candidate(capital(o.value), f"That is the entry for {o.subject}, {o.relation}.", 0, o.id)
        for o in line
        if normal(o.value) != normal(fact.value)
    ]
    stem = f"Table “{_table(fact)}”: what stands under “{fact.relation}” for “{fact.subject}”?"
    wrong = choose(capital(fact.value), candidates, f"{fact.id}-cell", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        f"cell-{slug_of(fact.relation)}",
        SINGLE,
        stem,
        f"{fact.subject}, {fact.relation}: {fact.value} {cite(fact)}.",
        options=arrange(capital(fact.value), wrong, f"{fact.id}-cell"),
    )


def _thing(fact: Fact, column: Sequence[Fact], cells: Sequence[Fact]) -> Iterator[Item]:
    """Which row has this cell, where only one has."""
    if (
        not _things_in_rows(cells)
        or any(normal(o.value) == normal(fact.value) for o in column)
        or gives_away(fact.subject, fact.value)
    ):
        return
    if len(fact.value.split()) > 12:
        return
    candidates = [Candidate(capital(o.subject), f"{o.subject}, {o.relation}: {o.value}.", 0, o.id) for o in column]
    candidates = [c for c in candidates if not gives_away(c.text, fact.value)]
    what = noun(fact.subject, "row")
    stem = f"Table “{_table(fact)}”: which {what} has “{fact.value}” under “{fact.relation}”?"
    wrong = choose(capital(fact.subject), candidates, f"{fact.id}-row", stem)
    if wrong is None:
        return
    yield item_on(
        fact,
        f"row-{slug_of(fact.relation)}",
        SINGLE,
        stem,
        f"{fact.subject}, {fact.relation}: {fact.value} {cite(fact)}.",
        level="understand",
        options=arrange(capital(fact.subject), wrong, f"{fact.id}-row"),
    )


def slug_of(text: str) -> str:
    """Write a text as part of an id, at most 20 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:20].strip("-") or "x"
