"""Canvas: ``lastnamefirstname_LATE_userid_fileid_name``, flat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from autograder.submission.collect.layouts.records import Arrangement, Entry, Offer, Owner, mostly, told_apart

CANVAS = "Canvas"

# Canvas: [name, LATE if late, user id] then the id of the file and its name; names keep letters only.
_CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>[0-9]{2,})|(?P<late2>LATE_)?anon_(?P<anon>[A-Za-z0-9]+))"
    r"_(?P<file>[0-9]{2,})_(?P<rest>.+)",
    re.DOTALL,
)
_CANVAS_TEXT = re.compile(r"\w+_[0-9]{2,}_(?:text|link)\.html")
_AGAIN = re.compile(r"(?P<stem>.+?)-(?P<number>[0-9]{1,3})(?P<suffix>\.\w+)", re.DOTALL)  # handed in again: hw-1.py


def arrange_canvas(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort by the name and number that Canvas writes before each file; of equal names the newest file counts."""
    matched = [(e, m) for e in entries if len(e.parts) == 1 and (m := _CANVAS.fullmatch(e.parts[0]))]
    if not mostly([e for e, _ in matched], entries):
        return None
    by_student: dict[tuple[str, str], list[tuple[int, Entry, re.Match[str]]]] = {}
    for entry, match in matched:
        who = (match["name"] or f"anon_{match['anon']}", match["user"] or match["anon"])
        by_student.setdefault(who, []).append((int(match["file"][:18]), entry, match))
    names = Counter(name for name, _ in by_student)
    offers, remarks = [], []
    for (name, number), handed in sorted(by_student.items()):
        owners = () if name.startswith("anon_") else (Owner(name, number),)
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
        offers.append(Offer(told_apart(name, number, names), files, late=late, number=number, owners=owners))
    for entry in entries:
        if len(entry.parts) > 1 or not _CANVAS.fullmatch(entry.parts[0]):
            text = "ignored: a text or a link instead of a file" if _CANVAS_TEXT.fullmatch(entry.parts[-1]) else ""
            if text or entry.code:
                remarks.append(("/".join(entry.parts), text or "ignored: not named like a file of a Canvas download"))
    return Arrangement(CANVAS, tuple(offers), tuple(remarks))
