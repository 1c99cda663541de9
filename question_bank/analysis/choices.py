"""Distractor analysis: who chose which option (or typed which common answer), by groups of ability."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from question_bank.analysis.measures import correlation, tail
from question_bank.analysis.table import Answer, Floats
from question_bank.marking import same_text

COMMON = 6  # typed answers that are listed
AT_LEAST = 5  # students who must have typed one


@dataclass(frozen=True)
class Choice:
    """One option of a unit, or one common typed answer.

    Attributes:
      label: A letter, in the order of the texts; empty for typed answers.
      right: Whether it is (part of) the key, or earns all points.
      count, share: Number and fraction of the students with this unit who chose it.
      lower, middle, upper: Fraction of each ability group that chose it.
      correlation: Of choosing it with the standing in the rest of the exam; NaN where no student or every student did.
      among_wrong: The same among the students who chose nothing right; NaN for the key.
      wrong: Number of those students.
    """

    text: str
    label: str
    right: bool
    count: int
    share: float
    lower: float
    middle: float
    upper: float
    correlation: float
    among_wrong: float
    wrong: int


def choices(answers: Sequence[Answer], rest: Floats) -> tuple[Choice, ...]:
    """Count who chose each option of a unit.

    Args:
      answers: All answers to the unit.
      rest: Array of shape `[len(answers)]`: standing of each of these students in the rest of the exam.

    Returns:
      The options, numbers by size and texts by the alphabet; empty where students had different options (a template
      with other numbers).

    References:
      Attali & Fraenkel, "The point-biserial as a discrimination index for distractors in multiple-choice items:
      deficiencies in usage and an alternative", Journal of Educational Measurement 37, 2000.
    """
    sets = {frozenset(a.options) for a in answers}
    if len(sets) > 1:
        return ()
    offered = sorted(next(iter(sets)), key=_order)
    if offered:
        keys = {k for a in answers for k in a.key}
        chosen = [set(a.response) for a in answers]
        labels = ascii_uppercase if len(offered) <= len(ascii_uppercase) else ""
        failed = np.array([not c & keys for c in chosen])
        return tuple(
            _choice(text, labels[i] if labels else str(i + 1), text in keys, [text in c for c in chosen], rest, failed)
            for i, text in enumerate(offered)
        )
    return _typed(answers, rest)


def _typed(answers: Sequence[Answer], rest: Floats) -> tuple[Choice, ...]:
    if any(len(a.response) > 1 for a in answers) or len({a.item for a in answers}) > 1:
        return ()
    texts = [a.response[0] if a.response else "" for a in answers]
    failed = np.array([a.share < 1 for a in answers])
    common: list[Choice] = []
    for text, _ in Counter(t for t in texts if t.strip()).most_common(50):
        if any(same_text(text, choice.text) for choice in common):
            continue
        same = [bool(t.strip()) and same_text(t, text) for t in texts]
        if sum(same) < AT_LEAST or len(common) == COMMON:
            break
        right = min(a.share for a, s in zip(answers, same, strict=True) if s) >= 1
        common.append(_choice(text, "", right, same, rest, failed))
    return tuple(common)


def _choice(
    text: str, label: str, right: bool, chosen: Sequence[bool], rest: Floats, failed: NDArray[np.bool_]
) -> Choice:
    chose = np.array(chosen, dtype=float)
    known = ~np.isnan(rest)
    lower, upper = tail(rest[known], top=False), tail(rest[known], top=True)
    middle = np.clip(1 - lower - upper, 0, None)
    low, half, high = (_mean(chose[known], group) for group in (lower, middle, upper))
    r = correlation(chose, rest).value
    among = math.nan if right else correlation(chose[failed], rest[failed]).value
    return Choice(
        text, label, right, int(chose.sum()), float(chose.mean()), low, half, high, r, among, int(failed.sum())
    )


def _mean(chose: Floats, group: Floats) -> float:
    return float(chose @ group / group.sum()) if group.sum() > 0 else math.nan


def _order(text: str) -> tuple[int, float, str]:
    """Numbers by their size, before texts by the alphabet."""
    try:
        value = float(text.split()[0].replace("−", "-"))
    except (ValueError, IndexError):
        return 1, 0.0, text
    return (0, value, text) if math.isfinite(value) else (1, 0.0, text)
