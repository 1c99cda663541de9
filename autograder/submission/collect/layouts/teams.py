"""Microsoft Teams: ``Submitted files/<student>/<assignment>/Version <n>/<file>``, beside ``Working files``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    by_folder,
    choose_assignment,
    mostly,
    unlike,
)

TEAMS = "Microsoft Teams"

_SUBMITTED, _WORKING = "submitted files", "working files"
_VERSION = re.compile(
    r"(?:version|versión|versione|versão|versie|versjon|versio|verze|wersja|версия|バージョン|版本)"
    r" ?(?P<number>[0-9]{1,9})",
    re.IGNORECASE,
)


def arrange_teams(entries: Sequence[Entry], slug: str, root: str) -> Arrangement | None:
    """Sort the library ``Student Work`` by student; the highest version counts.

    Numbered versions below an assignment below a student: without the folder's name, this must hold for two students.

    Args:
      slug: the assignment that is graded.
      root: name of the folder that holds all.

    Raises:
      AmbiguousLayoutError: several assignments, and none has the name of the assignment that is graded.
    """
    drafts = [e for e in entries if e.parts[0].casefold() == _WORKING]
    known = {id(e) for e in drafts}
    others = [e for e in entries if id(e) not in known]
    within = any(e.parts[0].casefold() == _SUBMITTED for e in others)
    at = 1 if within else 0
    versions: dict[tuple[str, str], dict[int, tuple[str, ...]]] = {}
    matched = []
    for entry in others:
        parts = entry.parts[at:]
        if within and entry.parts[0].casefold() != _SUBMITTED:
            continue
        if len(parts) > 3 and (match := _VERSION.fullmatch(parts[2])):
            matched.append(entry)
            versions.setdefault((parts[0], parts[1]), {})[int(match["number"])] = entry.parts[: at + 3]
    students = {student for student, _ in versions}
    if not mostly(matched, others) or (len(students) < 2 and not within and root.casefold() != _SUBMITTED):
        return None
    chosen, remarks = choose_assignment(Counter(a for _, a in versions), slug)
    folders = by_folder(matched, at + 3)
    offers = []
    assignments_of: dict[str, list[str]] = {}
    for student, assignment in sorted(versions):
        assignments_of.setdefault(student, []).append(assignment)
    for student, assignments in assignments_of.items():
        found = versions.get((student, chosen))
        if found is None:
            remarks.append((student, f"skipped: handed in only {', '.join(assignments)}, not {chosen}"))
            continue
        newest = found[max(found)]
        for number in sorted(found.keys() - {max(found)}):
            remarks.append(("/".join(found[number]), f"ignored: an earlier version; the latest is {newest[-1]}"))
        offers.append(Offer(student, folders[newest], newest, owners=(Owner(student),)))
    if drafts:
        remarks.append((drafts[0].parts[0], "ignored: drafts that were not handed in"))
    return Arrangement(TEAMS, tuple(offers), (*remarks, *unlike(others, matched, TEAMS)))
