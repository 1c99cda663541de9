"""A GIFT file cut into its questions, with every escaped character marked so that signs can be looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from question_bank.interchange.text import clean
from question_bank.item import LEVELS

_MARK = "\0"  # stands before the number of an escaped character; no text holds it
_ESCAPED = dict(enumerate(r"\:#={}~"))
_TAG = re.compile(r"\[tag:([^\]]*)\]")


@dataclass(frozen=True)
class Source:
    """A question as it stands in the file, escapes marked, comments gone."""

    line: int
    text: str
    level: str


def split(text: str) -> Iterator[Source]:
    """The questions: what stands between empty lines.  A line with a category is one of its own."""
    held: list[str] = []
    first, level = 0, ""
    for number, line in enumerate([*clean(text).split("\n"), ""], 1):
        bare = line.strip(" \t")
        if bare.startswith("//"):
            level = next((tag for tag in _TAG.findall(bare) if tag in LEVELS), level)
            continue
        if held and (not bare or bare.startswith("$CATEGORY:") or held[0].startswith("$CATEGORY:")):
            yield Source(first, _marked("\n".join(held)), level or "remember")
            held, level = [], level if bare else ""
        if bare:
            first = first if held else number
            held.append(bare if not held else line)


def _marked(text: str) -> str:
    def mark(match: re.Match[str]) -> str:
        if match[1] == "n":
            return f"{_MARK}n"
        at = next((i for i, c in _ESCAPED.items() if c == match[1]), None)
        return match[0] if at is None else f"{_MARK}{at}"

    return re.sub(r"\\([\\:#={}~n])", mark, text)


def raw(text: str) -> str:
    """The characters themselves again."""
    return re.sub(_MARK + "([0-6n])", lambda m: "\n" if m[1] == "n" else _ESCAPED[int(m[1])], text).strip(" \t\n")


def brace(character: str) -> str:
    return f"{_MARK}{next(i for i, c in _ESCAPED.items() if c == character)}"
