"""How a response is marked: the share of the points it earns, from 0 to 1.

Responses are plain data, as a form or a file carries them: the index of an option (or a set of indices), a text, the
chosen right side for each pair, the shown steps in the student's order, the text of each gap.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SINGLE, Item

LONGEST = 10_000  # characters of a response that are looked at

Response = int | str | Sequence[int] | Sequence[str] | None

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


def mark(item: Item, response: Response) -> float:
    """The share of the points that ``response`` earns.

    Single choice, numeric, short text and code: all or nothing.  Select-all: right choices minus wrong ones over the
    number of right ones, never below nothing.  Matching and cloze: the share of right pairs or gaps.  Ordering: the
    length of the longest run of steps in the right relative order, where one alone is worth nothing.

    Args:
      response: See above; ``None`` or anything of the wrong form earns 0.
    """
    if response is None:
        return 0.0
    if item.kind == SINGLE:
        return float(isinstance(response, int) and 0 <= response < len(item.options) and item.options[response].correct)
    if item.kind == MULTIPLE:
        return _select_all(item, response)
    if item.kind == NUMERIC:
        value = read_number(response) if isinstance(response, str) else None
        assert item.number is not None
        return float(value is not None and abs(value - item.number.value) <= item.number.tolerance * (1 + 1e-9) + 1e-12)
    if item.kind == ORDERING:
        return _ordering(item, response)
    if item.kind == MATCHING:
        rights = [p.right for p in item.pairs]
        return _share([a == b for a, b in zip(_texts(response, len(rights)), rights, strict=True)])
    if item.kind == CLOZE:
        answers = _texts(response, len(item.gaps))
        return _share([_accepted(a, forms) for a, forms in zip(answers, item.gaps, strict=True)])
    return float(isinstance(response, str) and _accepted(response, item.accepted, exact=item.kind == CODE))


def read_number(text: str) -> float | None:
    """The number a student typed: 0.5, .5, -3, 1e-3, 0,5 and 1 000; ``None`` when it is no single finite number."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).replace("−", "-").strip()
    plain = re.sub(r"(?<=\d)[ '_](?=\d{3}\b)", "", plain)
    if re.fullmatch(r"[+-]?\d*,\d+", plain) and not re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", plain):
        plain = plain.replace(",", ".")
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return value if math.isfinite(value) else None


def same_text(a: str, b: str, *, exact: bool = False) -> bool:
    """Whether two short answers are the same but for case, spacing, hyphens, quotes and a final full stop."""
    return _plain(a, exact) == _plain(b, exact)


def _plain(text: str, exact: bool) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text[:LONGEST]).split())
    if exact:
        return plain
    plain = re.sub(r"[\"'`“”‘’]", "", plain.casefold()).rstrip(".")
    return " ".join(re.sub(r"[-‐-―_/]", " ", plain).split())


def _accepted(answer: str, forms: Sequence[str], *, exact: bool = False) -> bool:
    return any(same_text(answer, form, exact=exact) for form in forms)


def _select_all(item: Item, response: Response) -> float:
    if isinstance(response, str | int) or response is None:
        return 0.0
    chosen = {i for i in response if isinstance(i, int) and 0 <= i < len(item.options)}
    right = {i for i, o in enumerate(item.options) if o.correct}
    return max(0.0, (len(chosen & right) - len(chosen - right)) / len(right))


def _ordering(item: Item, response: Response) -> float:
    given = _texts(response, len(item.steps))
    if sorted(given) != sorted(item.steps):
        return 0.0
    places = [item.steps.index(step) for step in given]
    longest: list[int] = []  # longest increasing subsequence ending at each place
    for i, p in enumerate(places):
        longest.append(1 + max((longest[j] for j in range(i) if places[j] < p), default=0))
    return (max(longest) - 1) / (len(places) - 1)


def _texts(response: Response, count: int) -> list[str]:
    if isinstance(response, str | int) or response is None:
        return [""] * count
    given = [r if isinstance(r, str) else "" for r in response][:count]
    return given + [""] * (count - len(given))


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right)
