"""Effects of position and time: position effects, speededness, rapid guessing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.limits import MOST, RAPID, RAPID_SECONDS
from question_bank.analysis.measures import centre_both
from question_bank.analysis.table import Floats, Table


@dataclass(frozen=True)
class Position:
    """The position effect: how the share of the points changes along a form, items and students held constant.

    Attributes:
      change: From the first place of a form to the last, as a fraction of the points; NaN where all students had the
        same order, because place and item cannot be told apart then.
      p: Two-sided p value of ``change``.
      slope: The change from one place to the next.
    """

    change: float
    p: float
    slope: float = math.nan


@dataclass(frozen=True)
class Speed:
    """Speededness: which students got to the end, and which answers came too fast to have read the item.

    Attributes:
      reached_last: Fraction of the students who answered the last item of their form.
      reached_most: Fraction who answered an item beyond ``limits.MOST`` of their form.  Both are NaN where positions or
        responses are not known.
      rapid: Fraction of rapid answers among all timed answers; NaN without times.
      minutes: Median time on the whole form, in minutes; NaN without times.
    """

    reached_last: float
    reached_most: float
    rapid: float
    minutes: float


def position_effect(table: Table) -> Position:
    """Estimate what one place later in the form costs: shares regressed on places, with student and unit effects.

    Standard errors are clustered by student.

    References:
      Liang & Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986.
    """
    seen = table.seen & ~np.isnan(table.position)
    if not seen.any():
        return Position(math.nan, math.nan)
    place = centre_both(table.position, seen)
    share = centre_both(table.share, seen)
    power = float((place**2).sum())
    if power < 1e-6 * seen.sum() or len(table.students) < 10:
        return Position(math.nan, math.nan)
    slope = float((place * share).sum()) / power
    scores = (place * (share - slope * place)).sum(axis=1)
    students = len(table.students)
    error = math.sqrt(float((scores**2).sum()) * students / (students - 1)) / power
    p = math.erfc(abs(slope) / error / math.sqrt(2)) if error > 0 else math.nan
    return Position(slope * float(np.nanmax(table.position) - np.nanmin(table.position)), p, slope)


def unit_position(table: Table, rest: Floats, column: int, common: float) -> Position:
    """Estimate the position effect of one unit, beyond the effect common to all units.

    Args:
      table: The exam's answers.
      rest: Array of shape `[students, units]`: standing in the rest of the exam, held constant.
      column: Index of the unit.
      common: Slope of all units (``position_effect``), taken out first; NaN counts as 0.

    Returns:
      NaN for fewer than ten answers, or where place or share does not vary.

    References:
      White, "A heteroskedasticity-consistent covariance matrix estimator and a direct test for heteroskedasticity",
      Econometrica 48, 1980; with the factor n / (n − 3) of MacKinnon & White, "Some heteroskedasticity-consistent
      covariance matrix estimators with improved finite sample properties", Journal of Econometrics 29, 1985.
    """
    rows = table.takers[column]
    place, share, ability = table.position[rows, column], table.share[rows, column], rest[rows, column]
    known = ~(np.isnan(place) | np.isnan(ability))
    place, share, ability = place[known], share[known], ability[known]
    share = share - (0.0 if math.isnan(common) else common) * place
    if known.sum() < 10 or np.ptp(place) < 1 or np.ptp(share) == 0:
        return Position(math.nan, math.nan)
    design = np.column_stack([np.ones(place.size), ability, place])
    coefficients, _, rank, _ = np.linalg.lstsq(design, share, rcond=None)
    if rank < 3:
        return Position(math.nan, math.nan)
    left = share - design @ coefficients
    inverse = np.linalg.inv(design.T @ design)
    variance = inverse @ (design.T * left**2) @ design @ inverse  # the spread of shares depends on ability
    error = math.sqrt(max(float(variance[2, 2]), 0.0)) * math.sqrt(place.size / (place.size - 3))
    slope = float(coefficients[2])
    p = math.erfc(abs(slope) / error / math.sqrt(2)) if error > 0 else math.nan
    return Position(slope * float(np.ptp(place)), p, slope)


def speed(table: Table) -> Speed:
    """Measure how far students came in their forms, and how fast they answered.

    References:
      Cintron, "Methods for measuring speededness: chronology, classification, and ensuing research and development",
      ETS Research Report Series, 2021, doi:10.1002/ets2.12337 (with Swineford's rule).
    """
    last, most = _reached(table)
    times = np.nansum(table.seconds, axis=1)[~np.isnan(table.seconds).all(axis=1)]
    minutes = float(np.median(times)) / 60 if times.size else math.nan
    rapid = rapid_answers(table)
    known = ~np.isnan(rapid)
    weight = (~np.isnan(table.seconds)).sum(axis=0)[known]
    overall = float(rapid[known] @ weight / weight.sum()) if known.any() else math.nan
    return Speed(last, most, overall, minutes)


def rapid_answers(table: Table) -> Floats:
    """Compute for each unit the fraction of answers that came faster than a tenth of its mean time (NT10).

    Returns:
      Array of shape `[units]`, float64; NaN without times.  The threshold is at most ``limits.RAPID_SECONDS``.

    References:
      Wise & Ma, "Setting response time thresholds for a CAT item pool: the normative threshold method", annual meeting
      of the National Council on Measurement in Education, 2012.
    """
    timed = ~np.isnan(table.seconds)
    count = timed.sum(axis=0)
    sums = np.where(timed, table.seconds, 0.0).sum(axis=0)
    mean = np.divide(sums, count, out=np.full(count.shape, math.nan), where=count > 0)
    limit = np.minimum(RAPID_SECONDS, RAPID * mean)
    fast = (timed & (np.nan_to_num(table.seconds) < np.nan_to_num(limit))).sum(axis=0)
    out: Floats = np.divide(fast, count, out=np.full(count.shape, math.nan), where=count > 0)
    return out


def _reached(table: Table) -> tuple[float, float]:
    answered: dict[int, float] = {}
    length: dict[int, float] = {}
    any_response = False
    for column, rows in enumerate(table.takers):
        for row, answer in zip(rows.tolist(), table.answers[column], strict=True):
            if not answer.position:
                return math.nan, math.nan
            any_response = any_response or bool(answer.response)
            length[row] = max(length.get(row, 0.0), answer.position)
            if answer.response or answer.share > 0:
                answered[row] = max(answered.get(row, 0.0), answer.position)
    if not any_response:
        return math.nan, math.nan
    far = np.array([answered.get(row, 0.0) / length[row] for row in sorted(length)])
    return float((far >= 1).mean()), float((far >= MOST).mean())
