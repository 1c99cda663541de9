"""From the outline of a document to facts, by structure alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from question_bank.documents import facts
from question_bank.documents.acronyms import expansions
from question_bank.documents.document import Document
from question_bank.documents.facts import Fact
from question_bank.documents.outline import FENCE, HEADING, ITEM, PARAGRAPH, ROW, Entry, label_of, outline
from question_bank.documents.sentences import definition, led_by_term
from question_bank.documents.wording import (
    SPLIT,
    first_sentence,
    heading_of,
    is_label,
    lower,
    name_of,
    subject_of,
    tidy,
    without_code_tail,
)
from question_bank.item import Source
from question_bank.lexicon import find_term, find_topic, normal

_SEQUENCE = re.compile(
    r"\bsteps?\b|\bprocess\b|procedure|algorithm|pipeline|workflow|in order|recipe|how .*(work|train|does)|"
    r"propagation|iteration|cycle",
    re.IGNORECASE,
)
_NO_SEQUENCE = re.compile(
    r"challenge|type|component|application|practice|strateg|loss function|variant|approach|technique|"
    r"key difference|reason|option|tips|algorithms",
    re.IGNORECASE,
)
_MISTAKES = re.compile(
    r"((common|typical|frequent) )?(mistakes|misconceptions|misunderstandings|myths)( .*)?", re.IGNORECASE
)
_USES = re.compile(r"\b(applications?|examples?|use cases?)\b", re.IGNORECASE)
_WHERE = re.compile(r"where|with|here|in which|symbols|notation", re.IGNORECASE)
_SYMBOL = re.compile(r"(?P<name>[^\s=]{1,12}) = (?P<text>[^=]{2,60})")
_YEAR = re.compile(r"(1[89]\d\d|20\d\d)")
_ARROW = re.compile(r"\s*(?:→|⇒|->|=>)\s*")
_FORMULA = re.compile(r"^\W{0,2}[\w σθŷᵢ'(),|;*/-]{1,28}?\s*(?<![<>!])=(?![=>])\s*\S")


def extract(document: Document) -> list[Fact]:
    """All facts of ``document``, in its order; every quote is found again at its lines."""
    entries = outline(document)
    repeated = _repeated_terms(entries)
    facts_by_id: dict[str, Fact] = {}
    order: Counter[str] = Counter()
    formula = ""
    for entry in entries:
        if entry.kind in (HEADING, FENCE):
            formula = _one_formula(entry)
        for kind, subject, relation, value in _read(entry, repeated, formula):
            plain = tidy(value, keep_code=kind in (facts.FORMULA, facts.CALL))
            if not plain or not subject or len(plain) > 600:
                continue
            place = (
                entry.section[:-1] if entry.kind == HEADING else entry.section
            )  # a heading stands beside its siblings
            group = (
                f"{entry.group or '/'.join(place)}|{kind}|{relation if kind in (facts.ATTRIBUTE, facts.CELL) else ''}"
            )
            order[group] += 1
            names = _places(kind, subject, relation, entry)
            topic = find_topic(*names) or heading_of(entry) or document.name
            source = Source(document.name, entry.first, entry.last, document.quote(entry.first, entry.last)[:400])
            fact = Fact(
                kind,
                subject,
                relation,
                plain,
                topic.casefold() if topic else "",
                group,
                entry.number or order[group],
                (*entry.section, entry.label) if kind == facts.CELL and entry.label else entry.section,
                source,
            )
            facts_by_id.setdefault(f"{fact.id}{group}", fact)
    return list(facts_by_id.values())


def _places(kind: str, subject: str, relation: str, entry: Entry) -> list[str]:
    """Where to look up the topic of a fact, the nearest first."""
    above = [entry.label, *reversed(entry.section)]
    if kind == facts.EVENT:
        return above
    if kind == facts.ATTRIBUTE:
        return [subject, *above]  # the "parameters" of a distribution are none of a network
    # The relation of a definition is the heading of a whole part; that of others is what is said.
    return [subject, *above, relation] if kind == facts.DEFINITION else [subject, relation, *above]


def _one_formula(entry: Entry) -> str:
    """The formula that a fence holds and nothing else; "" for other entries."""
    text = " ".join(entry.text.split())
    alone = entry.kind == FENCE and "\n" not in entry.text.strip() and len(text) <= 80
    return text if alone and _FORMULA.search(text) and "`" not in text else ""


def _read(entry: Entry, repeated: frozenset[str], formula: str = "") -> Iterator[tuple[str, str, str, str]]:
    """The facts in one entry as (kind, subject, relation, value); ``formula`` is the last one above."""
    if entry.kind == ROW:
        yield from _row(entry)
        return
    if entry.kind == FENCE:
        yield from _fence(entry)
        return
    text = entry.text
    if _MISTAKES.fullmatch(entry.label):  # what stands there is false
        return
    for acronym, expansion in expansions(text):
        yield facts.EXPANSION, acronym, "stands for", expansion
    if entry.kind == HEADING:
        if dated := re.fullmatch(r"(?P<what>.+?)\s*\((?P<year>1[89]\d\d|20\d\d)\)", text):
            yield facts.EVENT, dated["year"], "year", dated["what"]
        return
    if entry.number and entry.kind == ITEM and _is_sequence(entry):
        yield (
            facts.STEP,
            subject_of(entry) or heading_of(entry),
            entry.label or "steps",
            first_sentence(without_code_tail(text)),
        )
        return
    first, *others = text.split("\n")
    if (
        label_of(first) and entry.kind == ITEM
    ):  # "**Use:**" with its text on the next line, or a heading of a nested list
        if others and is_label(label_of(first)):
            yield from _about(entry, label_of(first), " ".join(others), repeated)
        return
    split = SPLIT.match(text)
    arrows = _ARROW.split(text)
    bold = split is not None and bool(split["mark"])
    if len(arrows) in (2, 3) and not bold and entry.kind == ITEM and len(text) < 160 and all(a.strip() for a in arrows):
        text_told = " → ".join(tidy(a) for a in arrows[1:])
        yield facts.PAIRING, tidy(arrows[0]), entry.label or heading_of(entry), text_told
        return
    if split and _is_term(split) and (bold or (entry.kind == ITEM and "→" not in split["term"])):
        yield from _about(entry, tidy(split["term"]), split["text"], repeated)
        return
    led = led_by_term(first_sentence(text))
    if led and (
        not entry.parents or led[0] == subject_of(entry)
    ):  # below an item, a sentence says something of that item
        yield facts.STATEMENT, led[0], "", led[1]
        return
    if entry.kind == PARAGRAPH:
        for term, text_told in definition(entry):
            yield facts.DEFINITION, term, "", text_told
    elif formula and _WHERE.fullmatch(entry.label) and (symbol := _SYMBOL.fullmatch(text)):
        yield facts.PAIRING, tidy(symbol["name"], keep_code=True), f"formula `{formula}`", tidy(symbol["text"])
    elif entry.kind == ITEM:
        yield from _member(entry)


def _is_sequence(entry: Entry) -> bool:
    """Whether the numbers of a list mean an order: its label, or else its heading, names a process."""
    name = entry.label or heading_of(entry)
    return bool(_SEQUENCE.search(name)) and not _NO_SEQUENCE.search(name)


def _is_term(split: re.Match[str]) -> bool:
    term = split["term"].strip()
    if term.count("`") % 2 or term.count("(") != term.count(")") or term.count("[") != term.count("]"):
        return False  # the colon stands inside code or brackets
    return (
        len(term.split()) <= 7
        and not term.endswith((",", ";"))
        and not re.match(r"(if|when|for example|example|e\.g|note|now|then)\b", term, re.IGNORECASE)
    )


def _about(entry: Entry, term: str, text: str, repeated: frozenset[str]) -> Iterator[tuple[str, str, str, str]]:
    """``Term: text``: an attribute of the thing above, an event, a formula or a definition."""
    if _YEAR.fullmatch(term):
        yield facts.EVENT, term, "event", text
        return
    if _YEAR.match(term):
        return
    if not find_term(term) and (is_label(term) or normal(term) in repeated):
        subject = subject_of(entry)
        if subject and subject != term and not re.match(r"example", term, re.IGNORECASE):
            kind = (
                facts.FORMULA
                if _FORMULA.search(text) and re.match(r"formula|equation", term, re.IGNORECASE)
                else facts.ATTRIBUTE
            )
            yield kind, subject, lower(term), text if kind == facts.FORMULA else first_sentence(text)
        return
    if "→" in text and entry.kind == ITEM:
        return
    name = name_of(term)
    if _FORMULA.search(text) and len(re.findall(r"[A-Za-z]{4,}", text)) <= 6:
        yield facts.FORMULA, name, "formula", text
    elif text.rstrip().endswith(":"):
        return  # it introduces a list
    else:
        yield facts.DEFINITION, name, subject_of(entry, inside=False), first_sentence(text)


def _member(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    """A plain item: a member of a labelled set, or a statement about the thing that the heading names."""
    subject = subject_of(entry)
    label = entry.label or (heading_of(entry) if is_label(heading_of(entry)) else "")
    if entry.parents and _USES.search(
        heading_of(entry)
    ):  # below "Applications of GANs" an item is no word on its parent
        yield facts.MEMBER, name_of(heading_of(entry)), "applications", entry.text
        return
    if label and normal(label) != normal(subject):
        term = find_term(label)
        if term and not entry.parents:
            yield facts.STATEMENT, name_of(label), "", first_sentence(entry.text)
        else:
            yield facts.MEMBER, subject, lower(label), entry.text
    elif subject:
        yield facts.STATEMENT, subject, "", first_sentence(entry.text)


def _row(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    (_, row), *others = entry.cells
    for column, cell in others:
        if row and cell and cell not in ("-", "–", "—"):
            yield facts.CELL, tidy(row), tidy(column), cell


def _fence(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    if entry.info in ("python", "py", "jax"):
        yield facts.CALL, subject_of(entry) or heading_of(entry), entry.label, entry.text.strip("\n")
        return
    rows = [row.strip() for row in entry.text.strip().split("\n") if row.strip()]
    subject = subject_of(entry)
    for row in rows if len(rows) <= 4 else []:
        if _FORMULA.search(row) and len(row) < 120 and subject and "↓" not in row:
            name = re.match(r"\s*([\w σ]+)\(", row)
            known = find_term(name[1].replace("_", " ")) if name else None
            yield (
                facts.FORMULA,
                known.name if known else subject,
                "formula" if len(rows) == 1 else row.split("=")[0].strip(),
                row,
            )


def _repeated_terms(entries: Iterable[Entry]) -> frozenset[str]:
    """Terms of ``Term: text`` that stand under several headings: they are attributes ("Range", "Year")."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for entry in entries:
        split = SPLIT.match(entry.text) if entry.kind in (ITEM, PARAGRAPH) else None
        if split:
            seen.setdefault(normal(split["term"]), set()).add(entry.section)
    return frozenset(term for term, places in seen.items() if len(places) > 1)
