"""Questions to and from other programs.

An export takes items and a title and gives the bytes of a file, the same bytes for the same items, and beside them the
items that the format cannot hold, each with the reason.  An import takes the bytes of a file and a topic and gives
items, and beside them the questions that could not be read, each with its line.
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
from question_bank.interchange.outcome import Exported, Imported, Problem, Refusal
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

__all__ = ["EXPORTS", "IMPORTS", "SUFFIXES", "Export", "Exported", "Import", "Imported", "Problem", "Refusal", "guess"]


def guess(data: bytes) -> str:
    """The format of a file to import, by what stands in it: a name in ``IMPORTS``."""
    text = data[:200_000].decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return "moodle"
    lines = [line.strip() for line in text.splitlines()]
    if any(line.upper().startswith("ANSWER:") for line in lines) and any(line[:2] in ("A.", "A)") for line in lines):
        return "aiken"
    if any(line.startswith(("::", "$CATEGORY:", "//")) or line.endswith("}") for line in lines):
        return "gift"
    return "text"
