"""Brightspace: ``<user>-<folder> - <First Last> - Mar 2, 2026 1015 AM/<file>``, or flat with `` - <file>``."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Sequence

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    mostly,
    told_apart,
    unlike,
)
from autograder.submission.moments import MomentError, read_moment

BRIGHTSPACE = "Brightspace"

# The first time ends the name of the student: what follows, in flat downloads, the student wrote.
_FOLDER = re.compile(
    r"(?P<user>[0-9]+)-(?P<box>[0-9]+) - (?P<name>.+?) - (?P<when>[^\W\d_]+\.? [0-9]{1,2},? [0-9]{4} [0-9]{3,4}\s[AP]M)"
    r"(?: - (?P<rest>.+))?",
    re.DOTALL,
)


def arrange_brightspace(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort by student; of several folders of a student, the newest counts."""
    matched = [
        (e, m)
        for e in entries
        if (m := _FOLDER.fullmatch(e.parts[0])) and (m["rest"] is None) == (len(e.parts) > 1)  # a folder, or a file
    ]
    files = [e for e, _ in matched]
    if not mostly(files, entries):
        return None
    by_student: dict[tuple[str, str], dict[tuple[str, str], list[tuple[Entry, re.Match[str]]]]] = {}
    for entry, match in matched:
        attempts = by_student.setdefault((match["name"], match["user"]), {})
        attempts.setdefault((match["when"], match["box"]), []).append((entry, match))
    names = Counter(name for name, _ in by_student)
    offers, remarks = [], []
    for (name, number), attempts in sorted(by_student.items()):
        newest = max(attempts, key=_order)
        handed, folder = attempts[newest], None
        if handed[0][1]["rest"] is None:
            folder = handed[0][0].parts[:1]
            inside = {e.parts[1:]: e for e, _ in handed}
        else:
            inside = {(m["rest"],): e for e, m in handed}
        for other in sorted(attempts.keys() - {newest}, key=_order):
            first = attempts[other][0][0].parts[0]
            remarks.append((first, f"ignored: an earlier version; the latest is of {newest[0]}"))
        student, owner = told_apart(name, number, names), Owner(name, number)
        offers.append(Offer(student, inside, folder, newest[0], number=number, owners=(owner,)))
    return Arrangement(BRIGHTSPACE, tuple(offers), (*remarks, *unlike(entries, files, BRIGHTSPACE)))


def _order(attempt: tuple[str, str]) -> tuple[datetime.datetime, tuple[str, str]]:
    """Order by the time as it is written; the zone is that of the site, equal for all."""
    try:
        return read_moment(attempt[0], datetime.UTC), attempt
    except MomentError:
        return datetime.datetime.min.replace(tzinfo=datetime.UTC), attempt
