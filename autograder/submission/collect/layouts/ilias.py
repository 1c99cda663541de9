"""ILIAS: ``<Last>_<First>_<login>_<user id>/<file>``, in a folder ``<Team> <number>`` for team work.

Source: ``ilExSubmission::downloadAllAssignmentFiles`` and ``SubmissionManager`` of ILIAS.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    by_folder,
    mostly,
    told_apart,
    unlike,
)

ILIAS = "ILIAS"

_MEMBER = re.compile(r"(?P<names>[^_]+_[^_]+_.+)_(?P<number>[1-9][0-9]{2,9})", re.DOTALL)
_TEAM = re.compile(r"[^\W\d_]+ (?P<number>[1-9][0-9]*)")  # the word is translated
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:[01][0-9][0-3][0-9])?")
# ILIAS writes this before late files in the language of the instructor; other languages are left in the name.
_LATE = re.compile(r"(?:Late Submission|Versp(?:ae|ä|a)tete Abgabe) - (?P<name>.+)", re.DOTALL | re.IGNORECASE)


def arrange_ilias(entries: Sequence[Entry], root: str) -> Arrangement | None:
    """Sort by user, or by team with those members who handed in files.

    Args:
      root: name of the folder that holds all.
    """
    if root == "submitted":  # of nbgrader, whatever the students' ids look like
        return None
    folders: dict[tuple[str, ...], re.Match[str]] = {}
    matched = []
    for entry in entries:
        for at in (1, 2):
            above = entry.parts[:at]
            match = _member(above[-1]) if len(entry.parts) > at else None
            if match and (at == 1 or _TEAM.fullmatch(above[0])):
                folders[above] = match
                matched.append(entry)
                break
    if not mostly(matched, entries) or not _are_users([m["number"] for m in folders.values()]):
        return None
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for folder in sorted(folders):
        groups.setdefault(folder[:-1] or folder, []).append(folder)
    owners = {folder: _owner(match) for folder, match in folders.items()}
    called = {folder: _called(owner, folders[folder]) for folder, owner in owners.items()}
    names = Counter(called[group] for group in groups if group in called)
    files_of = {**by_folder(matched, 1), **by_folder(matched, 2)}
    offers = []
    remarks: list[tuple[str, str]] = []
    for group, inside in groups.items():
        files, late = _files({folder: files_of[folder] for folder in inside}, remarks)
        if group in called:
            number = owners[group].number
            student = told_apart(called[group], number, names)
        else:
            student, number = group[0], group[0].rpartition(" ")[2]
        whole = inside[0] if len(inside) == 1 and not late else None
        members = tuple(owners[folder] for folder in inside)
        offers.append(Offer(student, files, whole, late=late or None, number=number, owners=members))
    return Arrangement(ILIAS, tuple(offers), (*remarks, *unlike(entries, matched, ILIAS)))


def _member(folder: str) -> re.Match[str] | None:
    return _MEMBER.fullmatch(folder) if folder.isascii() else None


def _are_users(numbers: Sequence[str]) -> bool:
    """Whether numbers can be those of users: names of homework end in equal numbers, or in a date."""
    return len(set(numbers)) == len(numbers) and not all(_DATE.fullmatch(n) for n in numbers)


def _owner(match: re.Match[str]) -> Owner:
    """Return name, login and number; names with underscores cannot be told from logins with some."""
    last, first, *login = match["names"].split("_")
    if len(login) == 1 and login[0]:
        return Owner(f"{first} {last}", match["number"], login=login[0])
    return Owner(number=match["number"])


def _called(owner: Owner, match: re.Match[str]) -> str:
    return owner.name or match["names"].replace("_", " ")


def _files(
    folders: Mapping[tuple[str, ...], Mapping[tuple[str, ...], Entry]], remarks: list[tuple[str, str]]
) -> tuple[dict[tuple[str, ...], Entry], bool]:
    """Return the files of a user or team, and whether ILIAS marks one as late.

    Files of equal name of two members stay in their folders.
    """
    each = [_without_late(files, remarks) for files in folders.values()]
    names = Counter(name for files, _ in each for name in files)
    apart = any(count > 1 for count in names.values())
    files = {
        (folder[-1], *name) if apart else name: entry
        for folder, (inside, _) in zip(folders, each, strict=True)
        for name, entry in inside.items()
    }
    return files, any(late for _, late in each)


def _without_late(
    files: Mapping[tuple[str, ...], Entry], remarks: list[tuple[str, str]]
) -> tuple[dict[tuple[str, ...], Entry], bool]:
    """Remove the mark from late files; a late file replaces one of the same name that was on time."""
    late = {(m["name"],): (name, e) for name, e in files.items() if len(name) == 1 and (m := _LATE.fullmatch(name[0]))}
    for name in sorted(late.keys() & files.keys()):
        shown = "/".join(files[name].parts)
        remarks.append((shown, f"ignored: an earlier version; the latest is {'/'.join(late[name][1].parts)}"))
    marked = {name for name, _ in late.values()}
    rest = {name: e for name, e in files.items() if name not in marked}
    return {**rest, **{name: e for name, (_, e) in late.items()}}, bool(late)
