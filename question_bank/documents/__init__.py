"""Course documents in Markdown, parsed into facts; each fact carries its document, its lines and the words it rests on.

Documents are untrusted text: size and line length are bounded, markup is data, and what cannot be read is reported as a
remark.  A fact says what a document states, which may be wrong: errata keep known errors out, and people review the
items that are made from the rest.
"""

from __future__ import annotations

from question_bank.documents.document import (
    Document,
    DocumentError,
    Remark,
    find_documents,
    fingerprint,
    read_document,
)
from question_bank.documents.errata import ErrataError, Erratum, LeftOut, apply_errata, load_errata, place_errata
from question_bank.documents.extract import extract
from question_bank.documents.facts import Fact

__all__ = [
    "Document",
    "DocumentError",
    "ErrataError",
    "Erratum",
    "Fact",
    "LeftOut",
    "Remark",
    "apply_errata",
    "extract",
    "facts",
    "find_documents",
    "fingerprint",
    "load_errata",
    "place_errata",
    "read_document",
]
