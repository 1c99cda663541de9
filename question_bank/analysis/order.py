"""What time and place do: position effects, speededness, rapid answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.limits import MOST, RAPID, RAPID_SECONDS
from question_bank.analysis.measures import centre_both
from question_bank.analysis.table import Floats, Table


@dataclass(frozen=True)
class Position:
    """How the share of the points changes from the first place of a form to the last, the same items and students.

    ``change`` is NaN where the order was the same for everybody: then place and item cannot be told apart.
    ``slope`` is the same for one place.
    """

    change: float
    p: float
    slope: float = math.nan


@dataclass(frozen=True)
class Speed:
    """Who got to the end, and who answered faster than one can read.

    ``reached_last`` and ``reached_most`` are NaN where positions or responses are not known, ``rapid`` without times.
    """

    reached_last: float
    reached_most: float
    rapid: float
    minutes: float  # median time on the whole form


def position_effect(table: Table) -> Position:
    """Regress shares on places with the means of students and units taken out; errors clustered by student."""
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
    """The same for one unit, beyond what a place costs all units (``common``), students' standing held constant."""
    rows = table.takers[column]
    place, share, ability = table.position[rows, column], table.share[rows, column], rest[rows, column]
    good = ~(np.isnan(place) | np.isnan(ability))
    place, share, ability = place[good], share[good], ability[good]
    share = share - (0.0 if math.isnan(common) else common) * place
    if good.sum() < 10 or np.ptp(place) < 1 or np.ptp(share) == 0:
        return Position(math.nan, math.nan)
    design = np.column_stack([np.ones(place.size), ability, place])
    found, _, rank, _ = np.linalg.lstsq(design, share, rcond=None)
    if rank < 3:
        return Position(math.nan, math.nan)
    left = share - design @ found
    inverse = np.linalg.inv(design.T @ design)
    variance = inverse @ (design.T * left**2) @ design @ inverse  # errors of shares differ: White (1980)
    error = math.sqrt(max(float(variance[2, 2]), 0.0)) * math.sqrt(place.size / (place.size - 3))
    p = math.erfc(abs(found[2]) / error / math.sqrt(2)) if error > 0 else math.nan
    return Position(float(found[2]) * float(np.ptp(place)), p, float(found[2]))


def speed(table: Table) -> Speed:
    """How far students came in their forms."""
    last, most = _reached(table)
    times = np.nansum(table.seconds, axis=1)[~np.isnan(table.seconds).all(axis=1)]
    minutes = float(np.median(times)) / 60 if times.size else math.nan
    rapid = rapid_answers(table)
    known = ~np.isnan(rapid)
    weight = (~np.isnan(table.seconds)).sum(axis=0)[known]
    overall = float(rapid[known] @ weight / weight.sum()) if known.any() else math.nan
    return Speed(last, most, overall, minutes)


def rapid_answers(table: Table) -> Floats:
    """For each unit, the share of its answers that came faster than a tenth of its mean time; NaN without times."""
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
