"""Shared by the readers of GIFT, Moodle XML and plain text: numbers, weights, wildcards, categories, code."""

from __future__ import annotations

import re

from question_bank.interchange.markup import html_blocks
from question_bank.interchange.outcome import UnreadError
from question_bank.interchange.text import Fence, one_line, write

_STAR = re.compile(r"(?<!\\)\*")


def last_step(path: str) -> str:
    """The category that a Moodle category path ends in."""
    return re.split(r"(?<!/)/(?!/)", path.replace("///", "// /"))[-1].replace("//", "/").strip()


def split_code(source: str, line: int = 0) -> tuple[str, str]:
    """HTML of a stem as our text, and the Python block that it ends with."""
    try:
        blocks = html_blocks(source)
    except UnreadError as why:
        raise UnreadError(str(why), line) from why
    last = blocks[-1] if blocks else None
    if len(blocks) > 1 and isinstance(last, Fence) and last.language == "python":
        return write(blocks[:-1]), last.code
    return write(blocks), ""


def check_weights(single: bool, weights: list[float]) -> None:
    """Refuse a choice whose options are not simply right or wrong."""
    right = [w for w in weights if w > 0]
    if single and (len(right) != 1 or abs(right[0] - 100) > 0.01):
        raise UnreadError("expected one option worth 100 % and none of the others worth anything")
    if not single and (not right or max(right) - min(right) > 0.01):
        raise UnreadError("expected at least one right option, and all right ones worth the same")


def starless(text: str, line: int = 0) -> str:
    """An accepted form without Moodle's backslash before a star.

    Raises:
      UnreadError: It holds a star that stands for anything.
    """
    if _STAR.search(text):
        raise UnreadError(f"expected an answer without *, which stands for anything: {one_line(text)[:60]!r}", line)
    return one_line(text.replace(r"\*", "*"))


def real(text: str, line: int = 0) -> float:
    """A finite number, or the reason why not."""
    if re.fullmatch(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", text.strip(), re.ASCII):
        value = float(text)
        if abs(value) < float("inf"):
            return value
    raise UnreadError(f"expected a number, not {one_line(text)[:40]!r}", line)
