"""The total of a student: what is dropped, extra credit, the bonus, and the grade.

References:
  Kane, D. M. and Kane, J. M. (2006). Dropping lowest grades. Mathematics Magazine 79(3): with unequal weights, to drop
  the lowest percentage can make a better mark lower the total; to drop what leaves the highest total cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from autograder.gradebook.grading_key import grade_of
from autograder.gradebook.mark_records import Column, Mark, rounded
from autograder.gradebook.policy import Policy


@dataclass(frozen=True)
class Total:
    """A total in percent, None while nothing counts; its grade, None without a grading key; and why."""

    percent: Decimal | None
    letter: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Share:
    share: Fraction  # of the maximum
    weight: Fraction
    name: str


def make_total(marks: Mapping[str, Mark], columns: Sequence[Column], policy: Policy) -> Total:
    """Total the marks as displayed; the rules stand in :mod:`autograder.gradebook.policy`."""
    reasons: list[str] = []
    shares: list[_Share] = []
    extra = bonus = Fraction(0)
    rewarded: list[str] = []
    for column in columns:
        mark = marks[column.assignment]
        if not column.possible > 0 or not mark.counts:
            if mark.open:
                reasons.append(f"{column.assignment} is left out until it is judged")
            continue
        share = Fraction(mark.points or 0) / Fraction(column.possible)
        if column.extra:
            extra += column.weight * share
            if share:
                reasons.append(f"extra credit: {column.assignment}")
        elif column.bonus:
            bonus += column.weight * share
            if share:
                rewarded.append(column.assignment)
        elif column.weight:
            shares.append(_Share(share, column.weight, column.assignment))
    if not shares:
        return Total(None, None, tuple(reasons))
    dropped = _dropped(shares, extra, policy.drop_lowest)
    percent = _percent(shares, dropped, extra, policy.decimals)
    if rewarded:
        names = ", ".join(rewarded)
        if _passes(percent, policy):
            dropped = _dropped(shares, extra + bonus, policy.drop_lowest)
            with_bonus = _percent(shares, dropped, extra + bonus, policy.decimals)
            reasons.append(f"bonus: {names} ({percent} % → {with_bonus} %)")
            percent = with_bonus
        else:
            needed = f"{policy.pass_percent} % are needed without it, and there are {percent} %"
            reasons.append(f"no bonus for {names}: {needed}")
    reasons += [f"dropped: {s.name}" for s in dropped]
    return Total(percent, grade_of(percent, policy.grading_key), tuple(reasons))


def _passes(percent: Decimal, policy: Policy) -> bool:
    return not policy.bonus_needs_pass or policy.pass_percent is None or percent >= policy.pass_percent


def _dropped(shares: Sequence[_Share], extra: Fraction, number: int) -> list[_Share]:
    """Choose what to drop, so that the total of the rest is highest.

    The ratio of the rest is raised step by step: what pulls it down most is dropped, until the ratio stays.
    """
    number = min(number, len(shares) - 1)
    if number <= 0:
        return []
    ratio = _ratio(shares, extra)
    while True:
        order = sorted(shares, key=lambda s: (s.weight * (s.share - ratio), s.share))  # stable
        worst, rest = order[:number], order[number:]
        if (reached := _ratio(rest, extra)) <= ratio:
            return worst
        ratio = reached


def _ratio(kept: Sequence[_Share], extra: Fraction) -> Fraction:
    return sum((s.share * s.weight for s in kept), extra) / sum(s.weight for s in kept)


def _percent(shares: Sequence[_Share], dropped: Sequence[_Share], extra: Fraction, decimals: int) -> Decimal:
    """Return the total as displayed: rounded, but never to 100 % where something is missing."""
    exact = 100 * _ratio([s for s in shares if s not in dropped], extra)
    shown = rounded(exact, decimals)
    return shown - Decimal(1).scaleb(-decimals) if exact < 100 <= shown else shown
