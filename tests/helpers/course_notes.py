"""The course notes as they are read: entries, facts and formulas, each file once."""

from __future__ import annotations

import functools

from helpers.commands import ROOT

from question_bank.documents.document import read_document
from question_bank.documents.extract import extract
from question_bank.documents.facts import Fact
from question_bank.documents.outline import FENCE, ITEM, Entry, outline

NOTES = sorted((ROOT / "question_bank" / "notes").glob("*.md"))


@functools.cache
def entries() -> list[tuple[str, Entry]]:
    """Every entry with the name of its file."""
    return [(path.name, entry) for path in NOTES for entry in outline(read_document(path))]


@functools.cache
def told() -> list[tuple[Fact, Entry]]:
    """Every fact with the entry that it was read from."""
    at = {(name, entry.first): entry for name, entry in entries()}
    found = (fact for path in NOTES for fact in extract(read_document(path)))
    return [(fact, at[fact.source.document, fact.source.first]) for fact in found]


def rows_of_formulas(module: str = "") -> list[str]:
    """The lines of all formula blocks, or of those of one file."""
    fences = (e for name, e in entries() if name.startswith(module) and e.kind == FENCE and e.info == "formula")
    return [row for entry in fences for row in entry.text.strip().splitlines()]


@functools.cache
def formulas() -> dict[str, list[str]]:
    """Left side → right sides, of all formulas."""
    found: dict[str, list[str]] = {}
    for row in rows_of_formulas():
        left, sign, right = row.partition(" = ")
        if sign:
            found.setdefault(left.split(": ")[-1], []).append(right)
    return found


def items_under(label: str) -> list[str]:
    return [entry.text for _, entry in entries() if entry.kind == ITEM and entry.label == label]
