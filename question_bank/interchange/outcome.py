"""Results of exports and imports: files or items, and what could not be written or read, with the reasons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from question_bank.errors import UserError
from question_bank.item import DRAFT, Item, digest, problems

MAX_BYTES = 5_000_000  # a larger file to import is refused before it is looked at
MAX_QUESTIONS = 5_000
LONGEST_TEXT = 20_000  # characters of one question

IMPORTED = "imported"  # topic where the file names none


@dataclass(frozen=True)
class Refusal:
    """An item that the format cannot hold, and why."""

    item_id: str
    reason: str


@dataclass(frozen=True)
class Exported:
    """A file, and the items that are not in it."""

    data: bytes
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A question that was not read: the line on which it starts or fails (from 1), and what was expected."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class Imported:
    """The items of a file in its order, and the questions that were not read."""

    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()


class UnfitError(UserError):
    """A format cannot hold this item; the exporter lists it among the refused items."""


class UnreadError(Exception):
    """A question cannot be read; the importer lists it among the problems.

    Args:
      line: Where, from 1; 0 for the line on which the question starts.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def decode(data: bytes) -> str:
    """The text of a file to import, with Unix line ends.

    Raises:
      UnreadError: The file is larger than ``MAX_BYTES``, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise UnreadError(f"expected a file of at most {MAX_BYTES:,} bytes, not {len(data):,}", 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadError("expected UTF-8 text; save the file as UTF-8 and import it again", line) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sound(item: Item, topic: str) -> Item:
    """``item`` as a draft by a person, with an id that follows from what it says.

    Raises:
      UnreadError: It is no sound item.
    """
    named = dataclasses.replace(item, topic=" ".join(topic.split()) or IMPORTED, origin="person", state=DRAFT)
    identity = f"imported-{item.kind}-{content_digest(named)}"
    named = dataclasses.replace(named, id=identity)
    if faults := problems(named):
        raise UnreadError("; ".join(map(str, faults)))
    return named


def content_digest(item: Item) -> str:
    """A short name for what the student sees and what is right; topic, level and state leave it alone."""
    fields = (item.kind, item.stem, item.options, item.number, item.accepted, item.pairs, item.extra, item.steps)
    return digest(*(repr(field) for field in (*fields, item.gaps, item.code)), length=12)


def draft(kind: str, stem: str, explanation: str = "", level: str = "remember", **fields: object) -> Item:
    """An item that still lacks topic and id; ``sound`` gives them.

    A file says nothing of difficulty, so it stands in the middle until an exam measures it.
    """
    bare = Item("x", kind, "x", level, 0.5, stem, explanation)
    return dataclasses.replace(bare, **fields)  # type: ignore[arg-type]


def gather(results: list[Item | Problem]) -> Imported:
    """Separate items from problems; of equal questions only the first is kept."""
    items: dict[str, Item] = {}
    unread = []
    for result in results:
        if isinstance(result, Problem):
            unread.append(result)
        else:
            items.setdefault(result.id, result)
    return Imported(tuple(items.values()), tuple(sorted(unread, key=lambda p: p.line)))
