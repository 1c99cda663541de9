"""Moodle: ``Full Name_12345_assignsubmission_file_/name``, or flat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from autograder.submission.collect.layouts.records import Arrangement, Entry, Offer, Owner, mostly, told_apart, unlike

MOODLE = "Moodle"

# The first match in a name is Moodle's.  What follows, in flat downloads, the student wrote.
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>[0-9]+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL)


def arrange_moodle(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort by the name and number that Moodle writes before each file or folder."""
    matched = [(e, m) for e in entries if (m := _MOODLE.fullmatch(e.parts[0]))]
    if not mostly([e for e, _ in matched], entries):
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
    blind = len(names) == 1 < len(by_student)  # all are called "Participant", in any language
    offers = []
    for (name, number), files in sorted(by_student.items()):
        where = folders.get((name, number), set())
        folder = next(iter(where)) if len(where) == 1 and () not in where else None
        owner = Owner("" if blind else name, number)
        offers.append(Offer(told_apart(name, number, names), files, folder, number=number, owners=(owner,)))
    remarks += unlike(entries, [e for e, _ in matched], MOODLE)
    return Arrangement(MOODLE, tuple(offers), tuple(remarks))
