"""What lies in a download, and what each student handed in: frozen data, and questions that all layouts ask."""

from __future__ import annotations

import codecs
import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.submission.source import code_name
from autograder.submission.statements import printable

ENTRY = ("submission.py", "submission.ipynb")


@dataclass(frozen=True)
class Entry:
    """A file that a student handed in: its name within the folder or archive, and where its bytes are.

    ``path`` is None for kinds of files that are not read; ``reported`` if a remark about it exists already.
    """

    parts: tuple[str, ...]
    path: Path | None
    modified: datetime.datetime | None = None
    reported: bool = False

    @property
    def code(self) -> bool:
        return bool(code_name(self.parts[-1]))


@dataclass(frozen=True)
class Owner:
    """Whose work it is, as the platform names the student; what it does not know is empty.

    Attributes:
      name: the student's name, safe or not: print it with care.
      number: the platform's own number of the student or of the hand-in.
      id: the number that the school gave the student.
    """

    name: str = ""
    number: str = ""
    id: str = ""
    login: str = ""
    email: str = ""


@dataclass(frozen=True)
class Offer:
    """What one student, or one team, handed in.  ``files`` maps names within the submission to entries.

    Attributes:
      student: what the hand-in is called: the student's name, or that of the team.
      folder: the common folder of exactly these files, where there is one.
      when: when it was handed in, as the platform writes it; empty where it does not say.
      zone: the zone of ``when``, if the platform has one of its own for times without a zone.
      late: whether the platform marks it as late; None where it never says.
      number: the platform's own number of the student or of the hand-in.
      owners: the student, or the members of the team; empty where ``student`` and ``number`` are all that is known.
    """

    student: str
    files: Mapping[tuple[str, ...], Entry]
    folder: tuple[str, ...] | None = None
    when: str = ""
    zone: str = ""
    late: bool | None = None
    number: str = ""
    owners: tuple[Owner, ...] = ()


@dataclass(frozen=True)
class Arrangement:
    layout: str
    offers: tuple[Offer, ...]
    remarks: tuple[tuple[str, str], ...] = field(default=())  # name, and why it was ignored or what was chosen


class AmbiguousLayoutError(ValueError):
    """An ambiguous layout; the message says which layouts fit and what decides."""


def by_folder(entries: Iterable[Entry], depth: int) -> dict[tuple[str, ...], dict[tuple[str, ...], Entry]]:
    """Return the files below each folder of a depth, by their names within it."""
    folders: dict[tuple[str, ...], dict[tuple[str, ...], Entry]] = {}
    for entry in entries:
        if len(entry.parts) > depth:
            folders.setdefault(entry.parts[:depth], {})[entry.parts[depth:]] = entry
    return folders


def mostly(matched: Sequence[Entry], entries: Sequence[Entry]) -> bool:
    """Whether files match a layout, and at least half of the code does."""
    return bool(matched) and 2 * sum(e.code for e in matched) >= sum(e.code for e in entries)


def unlike(entries: Sequence[Entry], matched: Collection[Entry], layout: str) -> list[tuple[str, str]]:
    """Return a remark on each code file that does not match the layout."""
    known = {id(e) for e in matched}
    return [
        ("/".join(e.parts), f"ignored: not named like a file of a download from {layout}")
        for e in entries
        if id(e) not in known and e.code
    ]


def told_apart(name: str, mark: str, names: Counter[str]) -> str:
    """Return a student's name, with a number or login behind it if several students have the name."""
    return f"{name} ({mark})" if names[name] > 1 and mark else name


def choose_assignment(assignments: Counter[str], slug: str) -> tuple[str, list[tuple[str, str]]]:
    """Choose among the assignments that were handed in, and return remarks on the choice.

    Raises:
      AmbiguousLayoutError: several assignments, and none has the name of the assignment that is graded.
    """
    alike = [a for a in assignments if _letters(a) == _letters(slug)]
    if slug in assignments:
        return slug, []
    if len(alike) == 1:
        return alike[0], []
    if len(assignments) > 1:
        names = ", ".join(printable(name) for name in sorted(assignments)[:6])
        raise AmbiguousLayoutError(
            f"several assignments were handed in ({names}), but none is called {slug!r}: rename the folder"
        )
    chosen = next(iter(assignments))
    return chosen, [(chosen, f"graded as {slug!r}: it is the only assignment that was handed in")]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def text_of(entry: Entry | None, limit: int) -> str:
    """Read the beginning of a text file that a platform wrote; empty if it was not kept or cannot be read."""
    if entry is None or entry.path is None:
        return ""
    try:
        with entry.path.open("rb") as stream:
            data = stream.read(limit)
    except (OSError, ValueError):  # ValueError: NUL in a path
        return ""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8", "replace").lstrip("\ufeff")
