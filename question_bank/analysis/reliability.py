"""Reliability of an exam: coefficient alpha with its interval, standard error of measurement, spread of the marks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.measures import Estimate
from question_bank.analysis.table import Floats, Table

GROUPS = 100  # of students, at most; the jackknife leaves out one group after the other


@dataclass(frozen=True)
class Reliability:
    """Reliability of a form of average length, and what it means in percent of the points.

    Attributes:
      name: "KR-20" where every answer is right or wrong and all units have equal points, else "Cronbach's alpha".
      alpha: The coefficient with its 95 % interval.
      method: How the interval was computed, for people.
      length: Mean number of units in a form.
      mean, deviation: Of the marks, in percent of the points.
      error: Standard error of measurement, in percent of the points.
    """

    name: str
    alpha: Estimate
    method: str
    length: float
    mean: float
    deviation: float
    error: float


def reliability(table: Table, seed: int = 0) -> Reliability:
    """Estimate the reliability of an exam, also where students had different units.

    Args:
      table: The exam's answers.
      seed: Of the random groups of the jackknife, used where forms differ.

    References:
      Kuder & Richardson, "The theory of the estimation of test reliability", Psychometrika 2, 1937 (KR-20).
      Lord & Novick, *Statistical Theories of Mental Test Scores*, 1968 (standard error of measurement).
    """
    earned = table.share * table.points
    length = float(table.seen.sum(axis=1).mean())
    value = alpha(earned)
    if table.complete:
        interval, method = feldt(value, len(table.students), len(table.units)), "Feldt (1965)"
    else:
        interval, method = _jackknife(earned, value, seed)
    marks = percent(table)
    spread = float(marks.std(ddof=1)) if marks.size > 1 else math.nan
    error = spread * math.sqrt(max(0.0, 1 - value)) if not math.isnan(value) else math.nan
    return Reliability(_name(table), interval, method, length, float(marks.mean()), spread, error)


def percent(table: Table) -> Floats:
    """Compute each student's mark in percent of the points of the form: an array of shape `[students]`, float64."""
    marks: Floats = 100 * np.nansum(table.share * table.points, axis=1) / np.nansum(table.points, axis=1)
    return marks


def alpha(earned: Floats, weight: Floats | None = None) -> float:
    """Compute Cronbach's alpha for a form of average length, from all pairs of units that some students share.

    With k units of mean variance v and mean covariance c, alpha is k·c / (v + (k − 1)·c).  Deviations are from each
    unit's own mean over all who had it; the denominators make v and c unbiased for any pattern of holes, and without
    holes this is the textbook formula (KR-20 for right and wrong).

    Args:
      earned: Array of shape `[students, units]`, float64: points; NaN where a unit was not in the form.
      weight: Array of shape `[students]`: how often each student counts; default: once.

    Returns:
      NaN for fewer than two students, or a form of one unit.

    References:
      Cronbach, "Coefficient alpha and the internal structure of tests", Psychometrika 16, 1951.
    """
    seen = ~np.isnan(earned)
    w = np.ones(len(earned)) if weight is None else weight
    n = w @ seen
    keep = n > 1
    seen, earned, n = seen[:, keep], earned[:, keep], n[keep]
    if not keep.any() or w.sum() < 2:
        return math.nan
    values = np.where(seen, earned, 0.0)
    apart = np.where(seen, values - (w @ values) / n, 0.0)
    square = float(w @ (apart**2).sum(axis=1))
    product = float(w @ (apart.sum(axis=1) ** 2)) - square
    both = (seen * w[:, None]).T.astype(float) @ seen
    worth = both * (1 - 1 / n[:, None] - 1 / n[None, :] + both / np.outer(n, n))
    pairs = float(worth.sum() - np.trace(worth))
    length = float(w @ seen.sum(axis=1) / w.sum())
    variance, covariance = square / float((n - 1).sum()), product / pairs if pairs > 0 else math.nan
    whole = variance + (length - 1) * covariance
    return length * covariance / whole if length > 1 and whole > 0 else math.nan


def feldt(value: float, students: int, units: int) -> Estimate:
    """Compute the 95 % interval of alpha where all students had the same units.

    Args:
      value: Alpha.
      students, units: Size of the table.

    References:
      Feldt, "The approximate sampling distribution of Kuder-Richardson reliability coefficient twenty", Psychometrika
      30, 1965.
    """
    from scipy.stats import f

    if math.isnan(value) or students < 3 or units < 2:
        return Estimate(value, math.nan, math.nan)
    numerator, denominator = students - 1, (students - 1) * (units - 1)
    low = 1 - (1 - value) * float(f.ppf(0.975, numerator, denominator))
    high = 1 - (1 - value) * float(f.ppf(0.025, numerator, denominator))
    return Estimate(value, low, high)


def _jackknife(earned: Floats, value: float, seed: int) -> tuple[Estimate, str]:
    """Compute the 95 % interval of alpha where students had different units, by a grouped jackknife on ln(1 − alpha).

    A bootstrap would draw students twice, and where few students share a unit the copies would pass for agreement.

    References:
      Tukey, "Bias and confidence in not quite large samples", Annals of Mathematical Statistics 29, 1958.
      van Zyl, Neudecker & Nel, "On the distribution of the maximum likelihood estimator of Cronbach's alpha",
      Psychometrika 65, 2000 (ln(1 − alpha) is nearly normal).
    """
    from scipy.stats import t

    students = len(earned)
    count = min(students, GROUPS)
    method = f"jackknife, {count} groups"
    group = np.random.default_rng(seed).permutation(students) % count
    alphas = np.array([alpha(earned, (group != n).astype(float)) for n in range(count)])
    if not value < 1 or count < 3 or not (alphas < 1).all():
        return Estimate(value, math.nan, math.nan), method
    values = np.log(1 - alphas)
    error = math.sqrt((count - 1) / count * float(((values - values.mean()) ** 2).sum()))
    reach = float(t.ppf(0.975, count - 1)) * error
    return Estimate(value, 1 - (1 - value) * math.exp(reach), 1 - (1 - value) * math.exp(-reach)), method


def _name(table: Table) -> str:
    shares, points = table.share[table.seen], table.points[table.seen]
    return "KR-20" if np.isin(shares, (0.0, 1.0)).all() and np.ptp(points) < 1e-12 else "Cronbach's alpha"
