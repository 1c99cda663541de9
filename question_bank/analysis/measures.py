"""The arithmetic of classical item analysis, on plain arrays; nothing here knows what an exam is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from question_bank.analysis.limits import LAST_GROUP
from question_bank.analysis.table import Floats

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; NaN where it cannot be had."""

    value: float
    low: float
    high: float


NOTHING = Estimate(math.nan, math.nan, math.nan)


def standing(share: Floats, points: Floats) -> tuple[Floats, Floats]:
    """How each student stands in the whole exam, and without each single unit (students × units).

    Forms differ, so a student is compared, unit by unit, with everybody who had the same unit: the mean of the points
    earned above the unit's mean, weighted by points.  Where all had the same units of equal points, this orders and
    correlates exactly as the number of right answers does.
    """
    seen = ~np.isnan(share)
    weight = np.where(seen, points, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.nansum(share, axis=0) / seen.sum(axis=0)
        above = np.where(seen, weight * (np.nan_to_num(share) - means), 0.0)
        total = above.sum(axis=1) / weight.sum(axis=1)
        left = weight.sum(axis=1, keepdims=True) - weight
        rest = np.where(seen & (left > 0), (above.sum(axis=1, keepdims=True) - above) / left, math.nan)
    return total, rest


def tail(score: Floats, fraction: float = LAST_GROUP, *, top: bool) -> Floats:
    """How much of each student belongs to the upper (or lower) group; those tied at its edge belong to it in part."""
    if not score.size:
        return np.zeros(0)
    # Sums in another order differ in the last digit; what differs by less than 1e-9 is a tie.
    ranked = np.round(score if top else -score, 9)
    size = max(1, round(fraction * score.size))
    edge = np.sort(ranked)[-size]
    inside, tied = ranked > edge, ranked == edge
    result: Floats = inside + tied * (size - inside.sum()) / tied.sum()
    return result


def upper_lower(share: Floats, total: Floats) -> tuple[float, float]:
    """Mean share of an item in the upper and in the lower group; their difference is the discrimination index."""
    upper, lower = tail(total, top=True), tail(total, top=False)
    return float(share @ upper / upper.sum()), float(share @ lower / lower.sum())


def correlation(a: Floats, b: Floats) -> Estimate:
    """Pearson's correlation with Fisher's interval; point-biserial when ``a`` is 0 or 1."""
    good = ~(np.isnan(a) | np.isnan(b))
    a, b = a[good], b[good]
    if a.size < 3 or np.ptp(a) < 1e-12 or np.ptp(b) < 1e-12:
        return NOTHING
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    if a.size < 4 or abs(r) > 1 - 1e-12:
        return Estimate(r, math.nan, math.nan)
    reach = Z95 / math.sqrt(a.size - 3)
    return Estimate(r, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach))


def above_zero(r: float, n: int) -> float:
    """The chance of a correlation of ``r`` or more from ``n`` answers when there is none (Fisher's z)."""
    if math.isnan(r) or n < 4:
        return math.nan
    return 0.5 * math.erfc(math.atanh(min(r, 1 - 1e-12)) * math.sqrt(n - 3) / math.sqrt(2))


def share_interval(share: Floats) -> Estimate:
    """Mean share with a 95 % interval: Wilson's for right and wrong, Student's z where there is partial credit."""
    n, p = share.size, float(share.mean()) if share.size else math.nan
    if not n:
        return NOTHING
    if np.isin(share, (0.0, 1.0)).all():
        middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
        reach = Z95 / (1 + Z95**2 / n) * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
        return Estimate(p, max(0.0, middle - reach), min(1.0, middle + reach))
    if n < 2:
        return Estimate(p, 0.0, 1.0)
    reach = Z95 * float(share.std(ddof=1)) / math.sqrt(n)
    return Estimate(p, max(0.0, p - reach), min(1.0, p + reach))


def residuals(y: Floats, on: Floats) -> Floats:
    """What of ``y`` a straight line in ``on`` does not explain."""
    if np.ptp(on) < 1e-12:
        centred: Floats = y - y.mean()
        return centred
    slope = np.cov(y, on, ddof=1)[0, 1] / on.var(ddof=1)
    rest: Floats = y - y.mean() - slope * (on - on.mean())
    return rest


def centre_both(values: Floats, seen: NDArray[np.bool_], rounds: int = 50) -> Floats:
    """Take the means of rows and of columns out of a matrix with holes; holes become 0."""
    out = np.where(seen, np.nan_to_num(values), 0.0)
    for _ in range(rounds):
        out = np.where(seen, out - out.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1), 0)
        step = out.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        out = np.where(seen, out - step, 0.0)
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return out
