"""The vocabulary of the course: topics, terms by class with their synonyms, and statements that hold for several terms.

It holds names only: nothing of a document, of a student or of an item.  The tables (``*.toml``) are written by hand and
trusted; tests hold them against the notes.  Documents on other subjects share none of these names, and every look-up
then answers "unknown".
"""

from __future__ import annotations

from question_bank.lexicon.lookup import (
    Term,
    find_term,
    find_topic,
    holders,
    narrower,
    normal,
    parts,
    singular,
    stems,
    terms,
    topics,
    without_brackets,
)

__all__ = [
    "Term",
    "find_term",
    "find_topic",
    "holders",
    "narrower",
    "normal",
    "parts",
    "singular",
    "stems",
    "terms",
    "topics",
    "without_brackets",
]
