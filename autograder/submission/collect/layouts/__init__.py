"""Recognise how the system that submissions come from laid them out.

Functions from the files that were found to what each student handed in: one module for each system.  They decide by
names, and read only files that a system itself adds, such as ``timestamp.txt``.  Names and contents are untrusted: they
cause no exception but :class:`AmbiguousLayoutError`.  Where no layout fits, each student has a file or a folder.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograder.submission.collect.layouts.blackboard import BLACKBOARD, arrange_blackboard
from autograder.submission.collect.layouts.brightspace import BRIGHTSPACE, arrange_brightspace
from autograder.submission.collect.layouts.canvas import CANVAS, arrange_canvas
from autograder.submission.collect.layouts.classroom import CLASSROOM, arrange_classroom
from autograder.submission.collect.layouts.google import GOOGLE, arrange_google
from autograder.submission.collect.layouts.gradescope import GRADESCOPE, arrange_gradescope
from autograder.submission.collect.layouts.ilias import ILIAS, arrange_ilias
from autograder.submission.collect.layouts.moodle import MOODLE, arrange_moodle
from autograder.submission.collect.layouts.nbgrader import NBGRADER, arrange_nbgrader
from autograder.submission.collect.layouts.records import (
    ENTRY,
    AmbiguousLayoutError,
    Arrangement,
    Entry,
    Offer,
    Owner,
)
from autograder.submission.collect.layouts.sakai import SAKAI, arrange_sakai
from autograder.submission.collect.layouts.teams import TEAMS, arrange_teams

__all__ = [
    "BLACKBOARD",
    "BRIGHTSPACE",
    "CANVAS",
    "CLASSROOM",
    "ENTRY",
    "GOOGLE",
    "GRADESCOPE",
    "ILIAS",
    "MOODLE",
    "NBGRADER",
    "PLAIN",
    "SAKAI",
    "TEAMS",
    "AmbiguousLayoutError",
    "Arrangement",
    "Entry",
    "Offer",
    "Owner",
    "arrange",
]

PLAIN = "plain"


def arrange(
    entries: Sequence[Entry], slug: str, root: str = "", repositories: Iterable[str] = ()
) -> Arrangement | None:
    """Sort files by student if a download of a known system is recognised; None otherwise.

    Args:
      slug: the assignment, for folders that hold several.
      root: name of the folder that was given.
      repositories: names of top folders that are clones.

    Returns:
      The offers, each with a student and number of its own.  Names are composed (NFC), as people type them, also where
      macOS has decomposed them; ``folder`` stays as it is on disk.

    Raises:
      AmbiguousLayoutError: several assignments or folders may be meant, and nothing decides.
    """
    clones = set(repositories)
    composed = _composed(entries)
    found = _descend(composed, slug, _nfc(root), {_nfc(c) for c in clones})
    if found is None:
        return None
    raw = _raw_folders(entries, composed) | {(_nfc(c),): {(c,)} for c in clones}
    offers = [replace(o, folder=_on_disk(o.folder, raw)) for o in found.offers]
    return replace(found, offers=tuple(_distinct(offers)))


def _descend(entries: Sequence[Entry], slug: str, root: str, repositories: set[str]) -> Arrangement | None:
    """Look for a layout at the top, then below folders that hold everything."""
    prefix: tuple[str, ...] = ()
    for _ in range(4):
        at = len(prefix)
        inside = [replace(e, parts=e.parts[at:]) for e in entries if e.parts[:at] == prefix and len(e.parts) > at]
        tops = {e.parts[0] for e in inside if len(e.parts) > 1}
        if "submitted" in tops and (len(tops) == 1 or tops & {"source", "release", "autograded"}):
            prefix = (*prefix, "submitted")  # a course folder of nbgrader: the rest of it is not handed in
            continue
        found = _recognise(inside, slug, prefix[-1] if prefix else root, set() if prefix else repositories)
        if found is not None:
            outside = [e for e in entries if e.parts[:at] != prefix and e.code and "submitted" not in prefix]
            remarks = [("/".join(e.parts), f"ignored: outside {'/'.join(prefix)}") for e in outside]
            offers = tuple(replace(o, folder=prefix + o.folder if o.folder is not None else None) for o in found.offers)
            return replace(found, offers=offers, remarks=(*found.remarks, *remarks))
        if len(tops) != 1 or any(e.code and len(e.parts) == 1 for e in inside):
            return None
        prefix = (*prefix, *tops)
    return None


def _recognise(entries: Sequence[Entry], slug: str, root: str, repositories: set[str]) -> Arrangement | None:
    """Return the first layout that fits.

    The more a system writes into its names, the less often they occur by chance, and the earlier it comes: a file of
    its own, then fixed words and times, then several numbers.  The folders of ILIAS, Teams and nbgrader are recognised
    by their structure; nbgrader comes after the others, since it may be chosen by the name of the assignment alone.
    Google's names are the weakest: anybody may write `` - ``.
    """
    return (
        arrange_gradescope(entries)
        or arrange_moodle(entries)
        or arrange_blackboard(entries, slug)
        or arrange_brightspace(entries)
        or arrange_sakai(entries)
        or arrange_canvas(entries)
        or arrange_ilias(entries, root)
        or arrange_teams(entries, slug, root)
        or arrange_nbgrader(entries, slug, root)
        or arrange_classroom(entries, slug, root, repositories)
        or arrange_google(entries)
    )


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _composed(entries: Sequence[Entry]) -> list[Entry]:
    """Compose all names; one that equals another name then stays as it is, so that no file is lost."""
    taken: set[tuple[str, ...]] = set()
    composed = []
    for entry in entries:
        parts = tuple(_nfc(part) for part in entry.parts)
        if parts in taken:
            parts = entry.parts
        taken.add(parts)
        composed.append(entry if parts == entry.parts else replace(entry, parts=parts))
    return composed


def _raw_folders(entries: Sequence[Entry], composed: Sequence[Entry]) -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Return the names on disk of folders, by their composed names."""
    raw: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for old, new in zip(entries, composed, strict=True):
        for n in range(1, len(old.parts)):
            raw.setdefault(new.parts[:n], set()).add(old.parts[:n])
    return raw


def _on_disk(
    folder: tuple[str, ...] | None, raw: dict[tuple[str, ...], set[tuple[str, ...]]]
) -> tuple[str, ...] | None:
    """Return the one folder with these files; None if two folders differ only in the composition of their names."""
    if folder is None:
        return None
    found = raw.get(folder, {folder})
    return next(iter(found)) if len(found) == 1 else None


def _distinct(offers: Sequence[Offer]) -> list[Offer]:
    """Number offers that have the name and number of another one, in upper or lower case."""
    taken: set[tuple[str, str]] = set()
    distinct = []
    for offer in offers:
        student, count = offer.student, 2
        while (student.casefold(), offer.number) in taken:
            student, count = f"{offer.student} [{count}]", count + 1
        taken.add((student.casefold(), offer.number))
        distinct.append(replace(offer, student=student))
    return distinct
