"""Google Classroom: a folder of Google Drive with ``<student> - <title of the template>``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from autograder.submission.collect.layouts.records import Arrangement, Entry, Offer, Owner, mostly
from autograder.submission.source import code_name

GOOGLE = "Google Classroom"

_COPY = re.compile(r"(?P<student>[^\W\d_][^\d_]*?) - (?P<title>.+)", re.DOTALL)
_AGAIN = re.compile(r"(?P<stem>.+?) ?\((?P<number>[0-9]{1,3})\)(?P<suffix>(?:\.\w+)+)", re.DOTALL)


def arrange_google(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort copies of a template by student.

    Classroom only names copies of a template.  So two students must have copies of one, and most names two words.
    Drive numbers files of the same name: those may be of two students, so each number is a hand-in of its own.
    """
    by_student: dict[tuple[str, str], dict[tuple[str, ...], Entry]] = {}
    matched = []
    owners_of: dict[str, set[str]] = {}
    for entry in entries:
        match = _COPY.fullmatch(entry.parts[0]) if len(entry.parts) == 1 else None
        if match is None:
            continue
        again = _AGAIN.fullmatch(match["title"])
        title, number = (again["stem"] + again["suffix"], again["number"]) if again else (match["title"], "")
        student = match["student"].strip()
        matched.append(entry)
        by_student.setdefault((student, number), {})[(title,)] = entry
        owners_of.setdefault((code_name(title) or title).casefold(), set()).add(student.casefold())
    students = {student for student, _ in by_student}
    shared = any(len(owners) > 1 for owners in owners_of.values())
    if not mostly(matched, entries) or not shared or 2 * sum(" " in s for s in students) < len(students):
        return None
    counts = Counter(student for student, _ in by_student)
    offers, remarks = [], []
    for (student, number), files in sorted(by_student.items()):
        name = f"{student} ({number})" if number else student
        offers.append(Offer(name, files, owners=(Owner(student),)))
        if number and counts[student] > 1:
            remarks.append((name, "possibly another version, or another student of the same name; each is graded"))
    known = {id(e) for e in matched}
    for entry in entries:
        if id(entry) in known or not entry.code:
            continue
        if len(entry.parts) > 1:
            remarks.append(("/".join(entry.parts), f"ignored: a download from {GOOGLE} has no folders"))
            continue
        stem = PurePath(code_name(entry.parts[0])).stem
        offers.append(Offer(stem, {entry.parts: entry}))
        remarks.append((entry.parts[0], "graded, but its name does not begin with that of a student"))
    return Arrangement(GOOGLE, tuple(offers), tuple(remarks))
