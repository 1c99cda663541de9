"""Acronyms and what they stand for, told by their letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

_EXPANSION = re.compile(r"(?P<first>[A-Za-z][\w/&-]*(?: [\w/&'-]+){0,6}) \((?P<second>[A-Za-z][\w/&'’ -]{1,70})\)")
_SMALL = frozenset("of the and for to in on a an by with from".split())


def expansions(text: str) -> Iterator[tuple[str, str]]:
    """Acronym and expansion, from ``SGD (Stochastic Gradient Descent)`` and ``Rectified Linear Unit (ReLU)``."""
    for match in _EXPANSION.finditer(re.sub(r"[*_`]", "", text)):
        for short, long in ((match["first"].split()[-1], match["second"]), (match["second"], match["first"])):
            acronym = " " not in short and sum(c.isupper() for c in short) >= 2 and len(long.split()) >= 2
            if acronym and (fitted := _fits(short, long)):
                yield short.removesuffix("s") if short.endswith("s") and short[:-1].isupper() else short, fitted


def _fits(short: str, long: str) -> str:
    """The end of ``long`` whose initials make ``short``, or ""."""
    letters = "".join(c for c in short.removesuffix("s") if c.isalnum()).casefold()
    words = long.split()
    starts = [
        n for n, word in enumerate(words) if word[:1].casefold() == letters[:1] and len(words) - n <= len(letters) + 2
    ]
    # Initials that spell it exactly come first: "(representing the Resident Set Size)" is RSS from "Resident" on.
    starts.sort(key=lambda n: "".join(w[0] for w in words[n:] if w not in _SMALL).casefold() != letters)
    for start in starts:
        part = words[start:]
        marked = (
            "".join(c for c in " ".join(part) if c.isupper()).casefold() == letters
        )  # SHapley Additive exPlanations
        if not marked and not _in_order("".join(w[0] for w in part if w not in _SMALL).casefold(), letters):
            continue  # every word must have left a letter in the acronym
        rest = iter("".join(part).casefold())
        initials = "".join(w[0] for piece in part for w in re.split(r"[-/]", piece) if w).casefold()
        if (
            letters == initials or (len(part) >= 2 and letters[0] == initials[0] and all(c in rest for c in letters))
        ) and sum(c in initials for c in letters) >= 2:
            tail = " ".join(part)
            return tail if not long.isupper() else tail.capitalize()
    return ""


def _in_order(few: str, many: str) -> bool:
    """Whether the letters of ``few`` occur in ``many``, in this order."""
    rest = iter(many)
    return all(letter in rest for letter in few)
