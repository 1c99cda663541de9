"""Facts: what a document states, one statement each, with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from question_bank.item import Source, digest
from question_bank.lexicon import normal

DEFINITION, STATEMENT, ATTRIBUTE, MEMBER, STEP = "definition", "statement", "attribute", "member", "step"
CELL, FORMULA, EVENT, EXPANSION, OPPOSITE, PAIRING, CALL = (
    "cell",
    "formula",
    "event",
    "expansion",
    "opposite",
    "pairing",
    "call",
)
KINDS = (DEFINITION, STATEMENT, ATTRIBUTE, MEMBER, STEP, CELL, FORMULA, EVENT, EXPANSION, OPPOSITE, PAIRING, CALL)


@dataclass(frozen=True)
class Fact:
    """One statement of a document.

    Attributes:
      kind: One of ``KINDS``.
      subject: What it is about: the term defined, the thing a list belongs to, the row of a table, a year, an acronym.
      relation: What is said about it: an attribute ("range"), the label of a list ("applications"), a column heading.
      value: The statement.
      topic: Topic of the lexicon, or the heading where the lexicon knows none.
      group: The list or table; facts of one group are siblings.
      order: Its place in the group, from 1.
      section: The headings above it.
      qualification: Words that an erratum demands in every item on this fact: in the stem, or beside the statement.
    """

    kind: str
    subject: str
    relation: str
    value: str
    topic: str
    group: str
    order: int
    section: tuple[str, ...]
    source: Source
    qualification: str = ""

    @property
    def id(self) -> str:
        """Short name that depends on what is said, not on where it stands."""
        return digest(self.kind, normal(self.subject), normal(self.relation), " ".join(self.value.split()), length=10)
