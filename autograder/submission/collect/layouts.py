"""Recognise, by names alone, how the system that submissions come from laid them out.

Pure functions from the files that were found to what each student handed in.  Layouts: nbgrader
(``submitted/<student>/<assignment>/``), Canvas (``lastnamefirstname_LATE_userid_fileid_name``), Moodle
(``Full Name_12345_assignsubmission_file_/name``), GitHub Classroom (clones called ``assignment-student``), and
otherwise a file or a folder for each student.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

NBGRADER, CANVAS, MOODLE, CLASSROOM, PLAIN = "nbgrader", "Canvas", "Moodle", "GitHub Classroom", "plain"
ENTRY = ("submission.py", "submission.ipynb")

# Canvas: [name, LATE if late, user id] then the id of the file and its name; names keep letters only.
_CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>\d{2,})|(?P<late2>LATE_)?anon_(?P<anon>[A-Za-z0-9]+))"
    r"_(?P<file>\d{2,})_(?P<rest>.+)",
    re.DOTALL,
)
_CANVAS_TEXT = re.compile(r"\w+_\d{2,}_(?:text|link)\.html")
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL)
_AGAIN = re.compile(r"(?P<stem>.+?)-(?P<number>\d{1,3})(?P<suffix>\.\w+)", re.DOTALL)  # handed in again: hw-1.py


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
        return self.parts[-1].lower().endswith((".py", ".ipynb"))


@dataclass(frozen=True)
class Offer:
    """What one student handed in.  ``files`` maps names within the submission to entries.

    ``folder`` is the common folder of exactly these files, where there is one.
    """

    student: str
    files: Mapping[tuple[str, ...], Entry]
    folder: tuple[str, ...] | None = None
    submitted: datetime.datetime | None = None
    late: bool = False
    number: str = ""  # of the student, or of the participant, in the system that it comes from


@dataclass(frozen=True)
class Arrangement:
    layout: str
    offers: tuple[Offer, ...]
    remarks: tuple[tuple[str, str], ...] = field(default=())  # name, and why it was ignored or what was chosen


class AmbiguousLayoutError(ValueError):
    """An ambiguous layout; the message says which layouts fit and what decides."""


def arrange(
    entries: Sequence[Entry], slug: str, root: str = "", repositories: Iterable[str] = ()
) -> Arrangement | None:
    """Sort files by student if a download of a known system is recognised; None otherwise.

    Args:
      slug: the assignment, for folders that hold several.
      root: name of the folder that was given.
      repositories: names of top folders that are clones.

    Raises:
      AmbiguousLayoutError: several assignments, and none has the name of the assignment that is graded.
    """
    prefix: tuple[str, ...] = ()
    for _ in range(4):
        inside = [replace(e, parts=e.parts[len(prefix) :]) for e in entries if e.parts[: len(prefix)] == prefix]
        tops = {e.parts[0] for e in inside if len(e.parts) > 1}
        if "submitted" in tops and (len(tops) == 1 or tops & {"source", "release", "autograded"}):
            prefix = (*prefix, "submitted")  # a course folder of nbgrader: the rest of it is not handed in
            continue
        name = prefix[-1] if prefix else root
        found = (
            _nbgrader(inside, slug, name)
            or _moodle(inside)
            or _canvas(inside)
            or (None if prefix else _classroom(inside, slug, set(repositories)))
        )
        if found is not None:
            outside = [e for e in entries if e.parts[: len(prefix)] != prefix and e.code and "submitted" not in prefix]
            remarks = [("/".join(e.parts), f"ignored: outside {'/'.join(prefix)}") for e in outside]
            offers = tuple(replace(o, folder=prefix + o.folder if o.folder is not None else None) for o in found.offers)
            return replace(found, offers=offers, remarks=(*found.remarks, *remarks))
        if len(tops) != 1 or any(e.code and len(e.parts) == 1 for e in inside):
            return None
        prefix = (*prefix, *tops)
    return None


def _nbgrader(entries: Sequence[Entry], slug: str, root: str) -> Arrangement | None:
    code = [e for e in entries if e.code]
    if not code or any(len(e.parts) < 3 for e in code):
        return None
    handed: dict[str, set[str]] = {}
    for entry in entries:
        if len(entry.parts) > 2:
            handed.setdefault(entry.parts[0], set()).add(entry.parts[1])
    assignments = Counter(a for names in handed.values() for a in names)
    stamped = any(len(e.parts) == 3 and e.parts[2] == "timestamp.txt" for e in entries)
    if root != "submitted" and not stamped and slug not in assignments:
        return None
    chosen, remarks = slug, []
    if slug not in assignments:
        if len(assignments) > 1:
            names = ", ".join(sorted(assignments)[:6])
            raise AmbiguousLayoutError(
                f"several assignments were handed in ({names}), but none is called {slug!r}: rename the folder"
            )
        chosen = next(iter(assignments))
        remarks.append((chosen, f"graded as {slug!r}: it is the only assignment that was handed in"))
    offers = []
    for student, others in sorted(handed.items()):
        if chosen not in others:
            remarks.append((student, f"skipped: handed in only {', '.join(sorted(others))}, not {chosen}"))
            continue
        folder = (student, chosen)
        stamp = next((e for e in entries if e.parts == (*folder, "timestamp.txt")), None)
        offers.append(Offer(student, _below(entries, folder), folder, _stamp(stamp)))
    other = sum(n for a, n in assignments.items() if a != chosen)
    if other:
        remarks.append(
            (", ".join(sorted(set(assignments) - {chosen})), f"ignored: other assignments ({other} submissions)")
        )
    return Arrangement(NBGRADER, tuple(offers), tuple(remarks))


def _stamp(entry: Entry | None) -> datetime.datetime | None:
    """When it was handed in, as nbgrader writes it: ``2015-02-02 15:58:23.948203 America/Los_Angeles``, or UTC."""
    if entry is None or entry.path is None:
        return None
    try:
        with entry.path.open("rb") as stream:
            text = stream.read(100).decode("ascii").strip()
        day, clock, *zone = text.split()
        found = datetime.datetime.fromisoformat(f"{day} {clock}")
        if found.tzinfo is not None:
            return found.astimezone(datetime.UTC)
        if zone and zone[0].upper() not in ("UTC", "UCT", "GMT"):
            import zoneinfo

            return found.replace(tzinfo=zoneinfo.ZoneInfo(zone[0])).astimezone(datetime.UTC)
        return found.replace(tzinfo=datetime.UTC)
    except (OSError, ValueError, KeyError, OverflowError):  # a zone that is not known is a KeyError
        return None


def _canvas(entries: Sequence[Entry]) -> Arrangement | None:
    matched = [(e, m) for e in entries if len(e.parts) == 1 and (m := _CANVAS.fullmatch(e.parts[0]))]
    code = [e for e in entries if e.code]
    if not matched or 2 * sum(e.code for e, _ in matched) < len(code):
        return None
    by_student: dict[tuple[str, str], list[tuple[int, Entry, re.Match[str]]]] = {}
    for entry, match in matched:
        who = (match["name"] or f"anon_{match['anon']}", match["user"] or match["anon"])
        by_student.setdefault(who, []).append((int(match["file"][:18]), entry, match))
    names = Counter(name for name, _ in by_student)
    offers, remarks = [], []
    for (name, number), handed in sorted(by_student.items()):
        student = name if names[name] == 1 else f"{name} ({number})"
        newest: dict[str, tuple[int, Entry]] = {}
        for order, entry, match in sorted(handed, key=lambda h: h[0]):
            again = _AGAIN.fullmatch(match["rest"])
            inner = again["stem"] + again["suffix"] if again else match["rest"]
            if inner in newest:
                remarks.append(
                    (newest[inner][1].parts[0], f"ignored: an earlier version; the latest is {entry.parts[0]}")
                )
            newest[inner] = order, entry
        late = any(m["late"] or m["late2"] for _, _, m in handed)
        files: dict[tuple[str, ...], Entry] = {(inner,): entry for inner, (_, entry) in newest.items()}
        offers.append(Offer(student, files, late=late, number=number))
    for entry in entries:
        if len(entry.parts) > 1 or not _CANVAS.fullmatch(entry.parts[0]):
            text = "ignored: a text or a link instead of a file" if _CANVAS_TEXT.fullmatch(entry.parts[-1]) else ""
            if text or entry.code:
                remarks.append(("/".join(entry.parts), text or "ignored: not named like a file of a Canvas download"))
    return Arrangement(CANVAS, tuple(offers), tuple(remarks))


def _moodle(entries: Sequence[Entry]) -> Arrangement | None:
    matched = [(e, m) for e in entries if (m := _MOODLE.fullmatch(e.parts[0]))]
    if not matched or 2 * sum(e.code for e, _ in matched) < sum(e.code for e in entries):
        return None
    by_student: dict[tuple[str, str], dict[tuple[str, ...], Entry]] = {}
    folders: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    remarks = []
    for entry, match in matched:
        who = match["name"], match["id"]
        inner = entry.parts[1:] or (match["rest"] or "",)
        files = by_student.setdefault(who, {})
        if match["kind"] != "file" or not inner[0]:
            remarks.append(("/".join(entry.parts), "ignored: text typed into Moodle instead of a file"))
            continue
        files[inner] = entry
        folders.setdefault(who, set()).add(entry.parts[:1] if len(entry.parts) > 1 else ())
    names = Counter(name for name, _ in by_student)
    offers = []
    for (name, number), files in sorted(by_student.items()):
        where = folders.get((name, number), set())
        folder = next(iter(where)) if len(where) == 1 and () not in where else None
        student = name if names[name] == 1 else f"{name} ({number})"
        offers.append(Offer(student, files, folder, number=number))
    known = {id(e) for e, _ in matched}
    remarks += [
        ("/".join(e.parts), "ignored: not named like a file of a Moodle download")
        for e in entries
        if id(e) not in known and e.code
    ]
    return Arrangement(MOODLE, tuple(offers), tuple(remarks))


def _classroom(entries: Sequence[Entry], slug: str, repositories: set[str]) -> Arrangement | None:
    """Clones with a common beginning, ``assignment-``; what follows is the student."""
    clones = sorted(repositories)
    if not clones:
        return None
    common = f"{slug}-"
    if not all(c.startswith(common) for c in clones):
        first, last = clones[0], clones[-1]  # sorted: what these share, all share
        shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
        common = first[: first[:shared].rfind("-") + 1]
    if not common or not all(c.startswith(common) and c != common for c in clones):
        return None
    offers = [Offer(c.removeprefix(common), _below(entries, (c,)), (c,)) for c in clones]
    others = sorted({e.parts[0] for e in entries if e.code and e.parts[0] not in repositories})
    return Arrangement(CLASSROOM, tuple(offers), tuple((o, "ignored: not a clone like the others") for o in others))


def _below(entries: Sequence[Entry], folder: tuple[str, ...]) -> dict[tuple[str, ...], Entry]:
    at = len(folder)
    return {e.parts[at:]: e for e in entries if e.parts[:at] == folder and len(e.parts) > at}
