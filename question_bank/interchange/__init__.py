"""Questions to and from other programs, and the text of items as HTML.

An export turns items and a title into the bytes of a file (equal items give equal bytes), and lists the items that the
format cannot hold, each with the reason.  An import turns the bytes of a file and a topic into items, and lists the
questions that could not be read, each with its line.  Imported files are untrusted: size, depth and number of
questions are bounded, HTML is reduced to our text, and what is read becomes a draft.  Exports hold keys and are for
instructors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from question_bank.interchange import (
    aiken,
    anki,
    gift,
    gift_read,
    jupyterquiz,
    moodle,
    moodle_read,
    paper,
    plain,
    qti12,
    qti21,
)
from question_bank.interchange.mathml import mathml
from question_bank.interchange.outcome import MAX_BYTES, Exported, Imported, Problem, Refusal, UnfitError
from question_bank.interchange.paper import question_view
from question_bank.interchange.shape import decimal_text, distinct_forms, fill_gaps, stem_html
from question_bank.interchange.text import one_line, to_html, to_inline, to_plain
from question_bank.item import Item

Export = Callable[[Sequence[Item], str], Exported]
Import = Callable[[bytes, str], Imported]

EXPORTS: dict[str, Export] = {
    "moodle": moodle.export,
    "gift": gift.export,
    "canvas": qti12.export,
    "qti": qti21.export,
    "anki": anki.export,
    "jupyterquiz": jupyterquiz.export,
    "paper": paper.export,
    "key": paper.export_key,
}
IMPORTS: dict[str, Import] = {
    "moodle": moodle_read.read,
    "gift": gift_read.read,
    "aiken": aiken.read,
    "text": plain.read,
}
# How the name of a file of each format ends.
SUFFIXES = {
    "moodle": ".xml",
    "gift": ".gift.txt",
    "canvas": ".canvas.zip",
    "qti": ".qti.zip",
    "anki": ".apkg",
    "jupyterquiz": ".json",
    "paper": ".html",
    "key": ".key.html",
}

__all__ = [
    "EXPORTS",
    "IMPORTS",
    "MAX_BYTES",
    "SUFFIXES",
    "Export",
    "Exported",
    "Import",
    "Imported",
    "Problem",
    "Refusal",
    "UnfitError",
    "decimal_text",
    "distinct_forms",
    "fill_gaps",
    "guess_format",
    "mathml",
    "one_line",
    "question_view",
    "stem_html",
    "to_html",
    "to_inline",
    "to_plain",
]


def guess_format(data: bytes) -> str:
    """Guess the format of a file to import from its content.

    Returns:
      A name in ``IMPORTS``; "text" where nothing else fits.
    """
    text = data[:200_000].decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return "moodle"
    lines = [line.strip() for line in text.splitlines()]
    if any(line.upper().startswith("ANSWER:") for line in lines) and any(line[:2] in ("A.", "A)") for line in lines):
        return "aiken"
    if any(line.startswith(("::", "$CATEGORY:", "//")) or line.endswith("}") for line in lines):
        return "gift"
    return "text"
