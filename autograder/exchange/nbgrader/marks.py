"""From a result to the points of nbgrader's cells: plain numbers that add up to our mark."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograder.assignment.load import Assignment
from autograder.exchange.nbgrader.cells import possible
from autograder.results import INCONCLUSIVE, NOT_JUDGED, Result


def cell_marks(result: Result, assignment: Assignment) -> dict[str, float | None]:
    """Return the points of each graded function, in hundredths; None while part of it is not judged.

    A mark is rounded as a whole, so the functions' points are rounded together: they add up to the mark,
    which is what nbgrader shows.
    """
    worth = possible(assignment)
    if result.score is None:
        return dict.fromkeys(worth)
    raw = dict.fromkeys(worth, 0.0)
    for check in result.score.checks:
        raw[assignment.checks[check.name].function] += check.points
    seen = {c.name for c in result.checks}
    unsettled = {c.function for c in result.checks if c.outcome in (NOT_JUDGED, INCONCLUSIVE)}
    if not result.problem:
        unsettled |= {c.function for name, c in assignment.checks.items() if name not in seen}
    settled = {f: points for f, points in raw.items() if f not in unsettled}
    total = round(sum(settled.values()), 2) if unsettled else result.score.points
    return dict.fromkeys(worth) | dict(_together(settled, total, worth))


def _together(raw: Mapping[str, float], total: float, worth: Mapping[str, float]) -> dict[str, float]:
    """Round down to hundredths, then give the missing hundredths to the functions that lost most."""
    exact = {f: round(100 * points, 2) for f, points in raw.items()}  # points of a check have four decimals
    cents = {f: math.floor(value) for f, value in exact.items()}
    missing = round(100 * total) - sum(cents.values())
    for f in sorted(cents, key=lambda f: cents[f] - exact[f]):
        if missing > 0 and cents[f] < exact[f]:
            cents[f] += 1
            missing -= 1
    return {f: min(n / 100, worth[f]) for f, n in cents.items()}
