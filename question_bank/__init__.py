"""The question bank: documents become facts, facts and templates become items for exams and other programs.

It holds course documents, items with their keys, and marked responses; of students it sees only names in responses.
Everything here runs on an instructor's machine: documents, imported files and answers of language models are untrusted
data, and an item counts as a draft until a person approves it.  Nothing here imports ``autograder``, and only
``question_bank.templates`` imports JAX.  This package itself offers the record that all others share; what works on
it is in the modules and packages below.
"""

from __future__ import annotations

from question_bank.errors import NotMadeError, UserError
from question_bank.item import Item, ItemProblem, Number, Option, Pair, Slip, Source, problems

__all__ = [
    "Item",
    "ItemProblem",
    "NotMadeError",
    "Number",
    "Option",
    "Pair",
    "Slip",
    "Source",
    "UserError",
    "problems",
]
