"""Classical test theory on plain arrays: item-total correlation, discrimination index, intervals."""

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
    """A statistic with its 95 % interval; NaN where it cannot be computed."""

    value: float
    low: float
    high: float


NOTHING = Estimate(math.nan, math.nan, math.nan)


def standing(share: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Compute every student's standing in the exam, and the standing in the rest of the exam for each unit.

    Forms differ, so a student is compared, unit by unit, with all students who had the same unit: the mean of the
    points earned above the unit's mean, weighted by points.  Where all students had the same units of equal points,
    this orders and correlates exactly as the number of right answers does.

    Args:
      share: Array of shape `[students, units]`, float64: fraction of the points earned; NaN for a unit that was not in
        the student's form.
      points: Array of the same shape: points of the unit.

    Returns:
      The standing in the whole exam, shape `[students]`, and without each unit, shape `[students, units]` (NaN where
      the student had no other unit), both float64.

    References:
      Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28, 1963.
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
    """Compute how much of each student belongs to the upper (or lower) group.

    Args:
      score: Array of shape `[students]`, without NaN.
      fraction: Size of the group as a fraction of the class.
      top: Whether the upper group is meant.

    Returns:
      Weights from 0 to 1, shape `[students]`, float64; students tied at the edge of the group share its last places.

    References:
      Kelley, "The selection of upper and lower groups for the validation of test items", Journal of Educational
      Psychology 30, 1939.
    """
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
    """Compute the mean share of an item's points in the upper and in the lower 27 % of the class.

    The difference is the discrimination index D.

    Args:
      share: Array of shape `[students]`: fraction of the item's points that each student earned.
      total: Array of shape `[students]`: standing in the exam.

    References:
      Johnson, "Notes on a suggested index of item validity: the U-L index", Journal of Educational Psychology 42, 1951.
    """
    upper, lower = tail(total, top=True), tail(total, top=False)
    return float(share @ upper / upper.sum()), float(share @ lower / lower.sum())


def correlation(a: Floats, b: Floats) -> Estimate:
    """Compute Pearson's correlation with Fisher's interval; it is point-biserial where ``a`` holds 0 and 1 only.

    Args:
      a, b: Arrays of shape `[n]`; pairs with a NaN are left out.

    Returns:
      NaN for fewer than three pairs or where either array is constant; no interval for fewer than four pairs.

    References:
      Fisher, "On the 'probable error' of a coefficient of correlation deduced from a small sample", Metron 1, 1921.
    """
    complete = ~(np.isnan(a) | np.isnan(b))
    a, b = a[complete], b[complete]
    if a.size < 3 or np.ptp(a) < 1e-12 or np.ptp(b) < 1e-12:
        return NOTHING
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    if a.size < 4 or abs(r) > 1 - 1e-12:
        return Estimate(r, math.nan, math.nan)
    reach = Z95 / math.sqrt(a.size - 3)
    return Estimate(r, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach))


def above_zero(r: float, n: int) -> float:
    """Compute the one-sided p value of a correlation: the chance of ``r`` or more when the true correlation is 0.

    Args:
      n: Number of pairs; below 4 the result is NaN.

    References:
      Fisher, 1921 (see ``correlation``).
    """
    if math.isnan(r) or n < 4:
        return math.nan
    return 0.5 * math.erfc(math.atanh(min(r, 1 - 1e-12)) * math.sqrt(n - 3) / math.sqrt(2))


def share_interval(share: Floats) -> Estimate:
    """Compute the mean share with a 95 % interval: Wilson's for right or wrong, the normal one for partial credit.

    Args:
      share: Array of shape `[students]`, fractions from 0 to 1 without NaN.

    References:
      Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
      Statistical Association 22, 1927.
    """
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
    """Compute the residuals of the least-squares line of ``y`` on ``on``.

    Args:
      y, on: Arrays of shape `[n]` without NaN; where ``on`` is constant, ``y`` is centred only.

    Returns:
      Residuals, shape `[n]`, float64.

    References:
      Frisch & Waugh, "Partial time regressions as compared with individual trends", Econometrica 1, 1933.
    """
    if np.ptp(on) < 1e-12:
        centred: Floats = y - y.mean()
        return centred
    slope = np.cov(y, on, ddof=1)[0, 1] / on.var(ddof=1)
    rest: Floats = y - y.mean() - slope * (on - on.mean())
    return rest


def centre_both(values: Floats, seen: NDArray[np.bool_], rounds: int = 50) -> Floats:
    """Take the means of rows and of columns out of a matrix with holes (the two-way within transformation).

    Args:
      values: Array of shape `[rows, columns]`.
      seen: Boolean array of the same shape; False marks a hole.
      rounds: Most passes over rows and columns; stops earlier where the means are below 1e-10.

    Returns:
      The centred values, same shape, float64; holes become 0.

    References:
      Guimarães & Portugal, "A simple feasible procedure to fit models with high-dimensional fixed effects", Stata
      Journal 10, 2010.
    """
    out = np.where(seen, np.nan_to_num(values), 0.0)
    for _ in range(rounds):
        out = np.where(seen, out - out.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1), 0)
        step = out.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        out = np.where(seen, out - step, 0.0)
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return out
