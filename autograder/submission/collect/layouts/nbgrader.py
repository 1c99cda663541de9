"""nbgrader: ``submitted/<student>/<assignment>/``, with ``timestamp.txt``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    by_folder,
    choose_assignment,
    text_of,
)
from autograder.submission.collect.layouts.sakai import is_student_folder

NBGRADER = "nbgrader"


def arrange_nbgrader(entries: Sequence[Entry], slug: str, root: str) -> Arrangement | None:
    """Sort the folder ``submitted`` by student; a time without a zone is in UTC, as nbgrader writes it.

    Args:
      slug: the assignment that is graded.
      root: name of the folder that holds all.

    Raises:
      AmbiguousLayoutError: several assignments, and none has the name of the assignment that is graded.
    """
    code = [e for e in entries if e.code]
    if not code or any(len(e.parts) < 3 for e in code):
        return None
    handed: dict[str, set[str]] = {}
    for entry in entries:
        if len(entry.parts) > 2:
            handed.setdefault(entry.parts[0], set()).add(entry.parts[1])
    assignments = Counter(a for names in handed.values() for a in names)
    if root != "submitted" and slug not in assignments and not _stamped(entries, assignments.total()):
        return None
    chosen, remarks = choose_assignment(assignments, slug)
    folders = by_folder(entries, 2)
    offers = []
    for student, others in sorted(handed.items()):
        if chosen not in others:
            remarks.append((student, f"skipped: handed in only {', '.join(sorted(others))}, not {chosen}"))
            continue
        folder = (student, chosen)
        files = folders[folder]
        when = text_of(files.get(("timestamp.txt",)), 200).strip()
        offers.append(Offer(student, files, folder, when, "UTC", owners=(Owner(id=student),)))
    other = sum(n for a, n in assignments.items() if a != chosen)
    if other:
        remarks.append(
            (", ".join(sorted(set(assignments) - {chosen})), f"ignored: other assignments ({other} submissions)")
        )
    return Arrangement(NBGRADER, tuple(offers), tuple(remarks))


def _stamped(entries: Sequence[Entry], submissions: int) -> bool:
    """Whether at least half of the submissions have a ``timestamp.txt``: one may be a student's own file.

    Sakai writes files of that name too, in folders that are named otherwise.
    """
    stamps = [e for e in entries if len(e.parts) == 3 and e.parts[2] == "timestamp.txt"]
    return 2 * sum(not is_student_folder(e.parts[1]) for e in stamps) >= max(submissions, 1)
