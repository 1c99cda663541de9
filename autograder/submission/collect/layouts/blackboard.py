"""Blackboard: ``<Assignment>_<login>_attempt_2026-03-02-10-15-00_<file>``, flat, with a text file for each attempt."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    mostly,
    text_of,
    told_apart,
    unlike,
)
from autograder.submission.moments import MomentError, read_moment

BLACKBOARD = "Blackboard"

# The first attempt in a name is that of the platform.  What follows, the student wrote, perhaps to look like another.
_FILE = re.compile(
    r"(?P<before>.+?)_attempt_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<rest>.+)|\.txt)", re.DOTALL | re.IGNORECASE
)
_NAME = re.compile(r"[^:]{1,40}:\s*(?P<name>.+?)\s*\((?P<login>[^()]+)\)\s*")
_HEADER = 8192


@dataclass(frozen=True)
class _Attempt:
    files: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    texts: list[Entry] = field(default_factory=list)  # one, that the platform wrote

    def text(self) -> str:
        return text_of(self.texts[0] if self.texts else None, _HEADER)


def arrange_blackboard(entries: Sequence[Entry], slug: str) -> Arrangement | None:
    """Sort by student.  The files of one attempt belong together; of several attempts the newest counts."""
    matched = [(e, m) for e in entries if len(e.parts) == 1 and (m := _FILE.fullmatch(e.parts[0]))]
    if not mostly([e for e, _ in matched], entries):
        return None
    by_student: dict[str, dict[str, _Attempt]] = {}
    for entry, match in sorted(matched, key=lambda found: found[0].parts):
        attempt = by_student.setdefault(match["before"], {}).setdefault(match["time"], _Attempt())
        if match["rest"] is None:
            attempt.texts.append(entry)
        else:
            attempt.files[(match["rest"],)] = entry
    owners = _owners(by_student, slug)
    names = Counter(o.name or o.login for o in owners.values())
    offers, remarks = [], []
    for before, attempts in by_student.items():
        newest, owner = max(attempts), owners[before]
        for time in sorted(attempts.keys() - {newest}):
            remarks.append((f"{before}_attempt_{time}", f"ignored: an earlier attempt; the latest is of {newest}"))
        if not attempts[newest].files:
            remarks.append(
                (f"{before}_attempt_{newest}", "no file was handed in; a text typed into Blackboard is not read")
            )
        student = told_apart(owner.name or owner.login, owner.login, names)
        when = _when(attempts[newest].text()) or newest
        offers.append(Offer(student, attempts[newest].files, when=when, owners=(owner,)))
    return Arrangement(BLACKBOARD, tuple(offers), (*remarks, *unlike(entries, [e for e, _ in matched], BLACKBOARD)))


def _owners(by_student: Mapping[str, Mapping[str, _Attempt]], slug: str) -> dict[str, Owner]:
    """Find the name and login of each student; both the assignment and the login may contain underscores."""
    known: dict[str, Owner] = {}
    for before, attempts in by_student.items():
        for attempt in attempts.values():
            if owner := _named(attempt.text(), before):
                known[before] = owner
    prefixes = {before.removesuffix(owner.login) for before, owner in known.items()}
    prefix = prefixes.pop() if len(prefixes) == 1 else _assignment(list(by_student), slug)
    for before in by_student:
        if before not in known:
            inside = before.startswith(prefix) and before != prefix
            known[before] = Owner(login=before.removeprefix(prefix) if inside else before.rpartition("_")[2])
    logins = Counter(o.login.casefold() for o in known.values())
    # Logins that are cut wrongly may be equal: those name nobody.
    return {b: o if logins[o.login.casefold()] == 1 else Owner(o.name, login=b) for b, o in known.items()}


def _named(text: str, before: str) -> Owner | None:
    """Read the first line, ``Name: Ana Lee (alee)``; the name of the file must confirm the login."""
    line = next((row for row in text.splitlines() if row.strip()), "")
    match = _NAME.fullmatch(line[:500])
    if match is None or not before.casefold().endswith("_" + match["login"].casefold()):
        return None
    return Owner(match["name"], login=before[-len(match["login"]) :])


def _assignment(names: Sequence[str], slug: str) -> str:
    """Return what the names have in common: the assignment and an underscore."""
    if slug and all(n.casefold().startswith(f"{slug}_".casefold()) and len(n) > len(slug) + 1 for n in names):
        return names[0][: len(slug) + 1]
    shortest = min((n.rpartition("_")[0] + "_" for n in names), key=len)
    if all(n.startswith(shortest) for n in names):
        return shortest
    first, last = min(names), max(names)  # what these share, all share
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[: first[:shared].rfind("_") + 1]


def _when(text: str) -> str:
    """Return the time in the text file, which has a zone; empty if nobody could read it."""
    header = text.replace("\r", "").split("\n\n", 1)[0].splitlines()  # the student's own text comes below
    for line in header[1:6]:
        when = line.partition(":")[2].strip()[:100]
        for shown in (when, when.rpartition(" ")[0]):  # without the zone, which only the course may know
            try:
                read_moment(shown, datetime.UTC)
            except MomentError:
                continue
            return when
    return ""
