"""Mark a response: the fraction of the points that it earns, from 0 to 1.

Responses are plain data, as a form or a file carries them: the index of an option (or a set of indices), a text, the
chosen right side for each pair, the shown steps in the student's order, the text of each gap.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SINGLE, Item, Number

LONGEST = 10_000  # characters of a response that are read

Response = int | str | Sequence[int] | Sequence[str] | None

NET, EACH, ALL = SELECT_ALL = ("net", "each", "all")
LONGEST_RUN, PLACES = ORDERINGS = ("longest", "places")

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """How an exam marks partial knowledge and wrong choices.

    Attributes:
      multiple: Select-all: "net" (right choices minus wrong ones over the number of right ones), "each" (the share of
        options rightly chosen or rightly left) or "all" (everything or nothing).
      ordering: "longest" (the longest run of steps in the right relative order, where one alone is worth nothing) or
        "places" (the share of steps that stand at their place).
      penalty: Share of the points that a wrong choice costs: a wrong option of a single choice, and with "net" the
        wrong choices of a select-all down to this much.  0: nothing ever costs points.
    """

    multiple: str = NET
    ordering: str = LONGEST_RUN
    penalty: float = 0.0


PLAIN = Rules()


def mark(item: Item, response: Response, rules: Rules = PLAIN) -> float:
    """Return the fraction of the points that ``response`` earns; below 0 only where the rules ask for a penalty.

    Single choice, numeric, short text and code: all or nothing.  Matching and cloze: the share of right pairs or gaps.
    Select-all and ordering: as the rules say.

    Args:
      response: In the form that the head of this file describes; ``None`` and every other form earn 0.
      rules: How select-all and ordering are marked, and what a wrong choice costs.
    """
    if response is None or isinstance(response, bool):
        return 0.0
    if item.kind == SINGLE or (item.kind == CODE and isinstance(response, int)):
        return _single(item, response, rules)
    if item.kind == MULTIPLE:
        return _select_all(item, response, rules)
    if item.kind == NUMERIC:
        value = read_number(response) if isinstance(response, str) else None
        assert item.number is not None
        return float(value is not None and within(value, item.number))
    if item.kind == ORDERING:
        return _ordering(item, response, rules)
    if item.kind == MATCHING:
        rights = [p.right for p in item.pairs]
        return _share([a == b for a, b in zip(_texts(response, len(rights)), rights, strict=True)])
    if item.kind == CLOZE:
        answers = _texts(response, len(item.gaps))
        return _share([_accepted(a, forms) for a, forms in zip(answers, item.gaps, strict=True)])
    return float(isinstance(response, str) and _accepted(response, item.accepted, exact=item.kind == CODE))


def read_number(text: str) -> float | None:
    """Read the number that a student typed: 0.5, .5, -3, 1e-3, 0,5 or 1 000; ``None`` for any other text."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).replace("−", "-").strip()
    plain = re.sub(r"(?<=\d)[ '_](?=\d{3}\b)", "", plain)
    if re.fullmatch(r"[+-]?\d*,\d+", plain) and not re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", plain):
        plain = plain.replace(",", ".")
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return value if math.isfinite(value) else None


def within(value: float, key: Number) -> bool:
    """Whether a typed number is right: within the tolerance, or equal to the significant figures asked for."""
    reach = max(key.tolerance, key.relative * abs(key.value))
    if abs(value - key.value) <= reach * (1 + 1e-9) + 1e-12 * min(1.0, abs(key.value) or 1.0):
        return True
    # A half may be rounded up or to even: schools teach both.
    return key.figures > 0 and any(
        _rounded(value, key.figures, how) == _rounded(key.value, key.figures, other)
        for how in (ROUND_HALF_UP, ROUND_HALF_EVEN)
        for other in (ROUND_HALF_UP, ROUND_HALF_EVEN)
    )


def _rounded(value: float, figures: int, how: str) -> Decimal:
    return Context(prec=figures, rounding=how).create_decimal(repr(value))


def same_text(a: str, b: str, *, exact: bool = False) -> bool:
    """Whether two short answers agree, apart from case, spacing, hyphens, quotes and a final full stop.

    Args:
      exact: Ignore spacing only, as for the output of a program.
    """
    return _plain(a, exact) == _plain(b, exact)


def _plain(text: str, exact: bool) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text[:LONGEST]).split())
    if exact:
        return plain
    plain = re.sub(r"[\"'`“”‘’]", "", plain.casefold()).rstrip(".")
    return " ".join(re.sub(r"[-‐-―_/]", " ", plain).split())


def _accepted(answer: str, forms: Sequence[str], *, exact: bool = False) -> bool:
    return any(same_text(answer, form, exact=exact) for form in forms)


def _single(item: Item, response: Response, rules: Rules) -> float:
    if not isinstance(response, int) or not 0 <= response < len(item.options):
        return 0.0
    return 1.0 if item.options[response].correct else -rules.penalty or 0.0


def _select_all(item: Item, response: Response, rules: Rules) -> float:
    if not isinstance(response, list | tuple | set | frozenset):
        return 0.0
    chosen = {i for i in response if type(i) is int and 0 <= i < len(item.options)}
    right = {i for i, o in enumerate(item.options) if o.correct}
    if not chosen:
        return 0.0
    if rules.multiple == ALL:
        return float(chosen == right)
    if rules.multiple == EACH:
        return 1 - len(chosen ^ right) / len(item.options)
    return max(-rules.penalty or 0.0, (len(chosen & right) - len(chosen - right)) / len(right))


def _ordering(item: Item, response: Response, rules: Rules) -> float:
    given = _texts(response, len(item.steps))
    if sorted(given) != sorted(item.steps):
        return 0.0
    if rules.ordering == PLACES:
        return _share([a == b for a, b in zip(given, item.steps, strict=True)])
    places = [item.steps.index(step) for step in given]
    longest: list[int] = []  # longest increasing subsequence ending at each place
    for i, p in enumerate(places):
        longest.append(1 + max((longest[j] for j in range(i) if places[j] < p), default=0))
    return (max(longest) - 1) / (len(places) - 1)


def _texts(response: Response, count: int) -> list[str]:
    if not isinstance(response, list | tuple):
        return [""] * count
    given = [r if isinstance(r, str) else "" for r in response[:count]]
    return given + [""] * (count - len(given))


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right)
