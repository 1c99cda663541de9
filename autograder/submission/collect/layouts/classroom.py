"""GitHub Classroom: clones called ``assignment-student``."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.submission.collect.layouts.records import Arrangement, Entry, Offer, Owner, by_folder

CLASSROOM = "GitHub Classroom"
_CLONES = "-submissions"  # the folder that "gh classroom clone" makes is <assignment>-submissions


def arrange_classroom(entries: Sequence[Entry], slug: str, root: str, repositories: set[str]) -> Arrangement | None:
    """Sort clones with a common beginning, ``assignment-``; what follows is the login of the student, or a team.

    Args:
      root: name of the folder that holds all; one of ``gh classroom`` says which of its folders are clones.
    """
    if not repositories and root.endswith(_CLONES):
        common = f"{root.removesuffix(_CLONES)}-"
        repositories = {e.parts[0] for e in entries if len(e.parts) > 1 and e.parts[0].startswith(common)}
    clones = sorted(repositories)
    if not clones:
        return None
    common = f"{slug}-"
    if not all(c.startswith(common) for c in clones):
        common = _common(clones, root)
    if not common or not all(c.startswith(common) and c != common for c in clones):
        return None
    folders = by_folder(entries, 1)
    offers = []
    for clone in clones:
        login = clone.removeprefix(common)
        offers.append(Offer(login, folders.get((clone,), {}), (clone,), owners=(Owner(login=login),)))
    others = sorted({e.parts[0] for e in entries if e.code and e.parts[0] not in repositories})
    return Arrangement(CLASSROOM, tuple(offers), tuple((o, "ignored: not a clone like the others") for o in others))


def _common(clones: Sequence[str], root: str) -> str:
    """Return the beginning of all names, as far as a hyphen."""
    if root.endswith(_CLONES) and all(c.startswith(f"{root.removesuffix(_CLONES)}-") for c in clones):
        return f"{root.removesuffix(_CLONES)}-"
    first, last = clones[0], clones[-1]  # sorted: what these share, all share
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[: first[:shared].rfind("-") + 1]
