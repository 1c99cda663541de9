"""Sakai: ``<Last, First(login)>/<folder>/<file>`` with ``timestamp.txt``, or flat; folders are named in any language.

Source: ``AssignmentServiceImpl.zipSubmissions`` and ``zipGroupSubmissions`` of Sakai.
"""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.submission.collect.layouts.records import (
    AmbiguousLayoutError,
    Arrangement,
    Entry,
    Offer,
    Owner,
    mostly,
    text_of,
    told_apart,
    unlike,
)

SAKAI = "Sakai"

_PERSON = re.compile(r"(?P<name>[^,;]*,[^;]*?)(?<! )\((?P<login>[^()]+)\)")
_PEOPLE = re.compile(rf"{_PERSON.pattern}(?:; [^;]*\([^()]+\))*")
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GROUP = re.compile(rf"(?P<title>.+) \((?P<number>{_ID})\)", re.DOTALL)
_ANONYMOUS = re.compile(rf"(?P<number>{_ID}) .+", re.DOTALL)
# Without folders: the translated name of the folder, which has no underscore, then what the student wrote.
_FLAT = re.compile(
    r"(?P<who>.+?\))_(?:(?P<folder>[^_]+)_(?P<file>.+)|(?P<own>_submissionText\.html|feedbackText\.html|comments\.txt))",
    re.DOTALL,
)
_GRADES = re.compile(r"grades\.(?:csv|xlsx?)", re.IGNORECASE)
_HANDED_IN = "submission attachment(s)"
_CSV_LIMIT = 2 << 20


@dataclass(frozen=True)
class _HandIn:
    files: dict[str, dict[tuple[str, ...], Entry]] = field(default_factory=dict)  # by the folder they are in
    own: dict[str, Entry] = field(default_factory=dict)  # files that Sakai wrote

    def text(self, name: str) -> str:
        return text_of(self.own.get(name), 20_000)


def is_student_folder(name: str) -> bool:
    """Whether a folder is named like that of a student, of several, or of a group."""
    return any(pattern.fullmatch(name) for pattern in (_PEOPLE, _GROUP, _ANONYMOUS))


def arrange_sakai(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort by student or group.  The folder that most students have is taken for that of the hand-ins.

    Raises:
      AmbiguousLayoutError: two folders are equally frequent, and neither has an English name.
    """
    grades = next((e for e in entries if len(e.parts) == 1 and _GRADES.fullmatch(e.parts[0])), None)
    flat = not any(len(e.parts) > 1 for e in entries)
    matched = [e for e in entries if (_flat(e) if flat else len(e.parts) > 1 and is_student_folder(e.parts[0]))]
    if not mostly(matched, entries) or any(len(e.parts) == 2 and e.code for e in matched):
        return None
    hand_ins: dict[str, _HandIn] = {}
    for entry in matched:
        who, folder, inside = _flat(entry) or (entry.parts[0], *_split(entry.parts[1:]))
        hand_in = hand_ins.setdefault(who, _HandIn())
        if folder:
            hand_in.files.setdefault(folder, {})[inside] = entry
        else:
            hand_in.own[inside[0]] = entry
    folders = [f for h in hand_ins.values() for f in h.files]
    stamped = any("timestamp.txt" in h.own for h in hand_ins.values())
    # People name folders like this too: something that only Sakai makes must be there.
    if grades is None and not stamped and not any(f.casefold() == _HANDED_IN for f in folders):
        return None
    folder = _folder(folders)
    table = _table(grades)
    offers, remarks = [], []
    for who, offer in _offers(hand_ins, folder, table, flat):
        offers.append(offer)
        if not offer.files:
            remarks.append((who, "no file was handed in; a text typed into Sakai is not read"))
    for hand_in in hand_ins.values():
        for other in hand_in.files.keys() - {folder}:
            for entry in hand_in.files[other].values():
                if entry.code:
                    remarks.append(("/".join(entry.parts), f"ignored: not in {folder or 'a folder of hand-ins'}"))
    return Arrangement(SAKAI, tuple(offers), (*remarks, *unlike(entries, matched, SAKAI)))


def _flat(entry: Entry) -> tuple[str, str, tuple[str, ...]] | None:
    """Return whose a file is, its folder and its name, in a download without folders."""
    match = _FLAT.fullmatch(entry.parts[0]) if len(entry.parts) == 1 else None
    if match is None or not _PEOPLE.fullmatch(match["who"]):
        return None
    return match["who"], match["folder"] or "", (match["file"] or match["own"],)


def _split(inside: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return (inside[0], inside[1:]) if len(inside) > 1 else ("", inside)


def _folder(folders: Sequence[str]) -> str:
    """Return the name of the folder with what was handed in; empty if there is none.

    Args:
      folders: for each student, those that are not empty.
    """
    counts = Counter(f for f in folders if "feedback" not in f.casefold())
    known = [f for f in counts if f.casefold() == _HANDED_IN]
    if known or not counts:
        return known[0] if known else ""
    most = max(counts.values())
    first, *others = sorted(f for f, count in counts.items() if count == most)
    if others:
        raise AmbiguousLayoutError(
            f"students have files in {first!r} and in {others[0]!r}: remove the folders with the instructor's feedback"
        )
    return first


def _offers(
    hand_ins: Mapping[str, _HandIn], folder: str, table: Mapping[str, Sequence[str]], flat: bool
) -> list[tuple[str, Offer]]:
    people = {who: _who(who, hand_in) for who, hand_in in hand_ins.items()}
    names = Counter(name for name, _, _ in people.values())
    offers = []
    for who, hand_in in sorted(hand_ins.items()):
        name, number, owners = people[who]
        files = hand_in.files.get(folder, {})
        where = None if flat or not files else (who, folder)
        row = next((table[key] for key in (number, who, *(o.login for o in owners)) if key in table), ())
        column = 4 if number in table else 5  # rows of groups have a column less
        when = hand_in.text("timestamp.txt").strip()[:100] or (row[column].strip()[:100] if len(row) > column else "")
        owners = tuple(_completed(o, table.get(o.login, ())) for o in owners)
        mark = number or "; ".join(o.login for o in owners)
        offers.append((who, Offer(told_apart(name, mark, names), files, where, when, "UTC", None, number, owners)))
    return offers


def _who(folder: str, hand_in: _HandIn) -> tuple[str, str, tuple[Owner, ...]]:
    """Return what a hand-in is called, Sakai's number of a group or of an anonymous hand-in, and the owners."""
    if group := _GROUP.fullmatch(folder):
        return group["title"], group["number"], _people(html.unescape(hand_in.text("members.txt").strip()))
    if anonymous := _ANONYMOUS.fullmatch(folder):
        return folder, anonymous["number"], ()
    owners = _people(folder)
    return "; ".join(o.name for o in owners), "", owners


def _people(text: str) -> tuple[Owner, ...]:
    """Read ``Lee, Ana(alee); Roe, Ben(broe)``."""
    matches = [_PERSON.fullmatch(part.strip()) for part in text.split("; ")]
    return tuple(Owner(m["name"].strip(" ,"), login=m["login"].strip()) for m in matches if m)


def _table(grades: Entry | None) -> dict[str, Sequence[str]]:
    """Return the rows of ``grades.csv`` by login or by number of a group, each only if it is there once.

    The columns are: shown id, login, last name, first name, grade, and in newer versions the time and lateness; of
    groups: title, number, members, grade, time and lateness.
    """
    text = text_of(grades, _CSV_LIMIT) if grades and grades.parts[0].lower().endswith("csv") else ""
    rows: list[list[str]] = []
    for separator in ",;\t":
        try:
            read = [row for row in csv.reader(text.splitlines(), delimiter=separator) if len(row) > 3]
        except csv.Error:
            continue
        rows = max(rows, read, key=len)
    counts = Counter(row[1] for row in rows)
    return {row[1]: row for row in rows if counts[row[1]] == 1}


def _completed(owner: Owner, row: Sequence[str]) -> Owner:
    """Add the id that Sakai shows instead of the login, and the name, which folders have in ASCII only."""
    if len(row) < 5:
        return owner
    shown, last, first = (" ".join(row[at].split())[:300] for at in (0, 2, 3))
    name = f"{last}, {first}" if last and first else owner.name
    return Owner(name, id="" if shown == owner.login else shown, login=owner.login)
