"""Outcomes by draw set: whether the sets of hidden inputs are equally hard."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report.text import percent
from autograder.results import FAILED, PASSED, SKIPPED, Result


@dataclass(frozen=True)
class DrawSet:
    """The submissions that got one draw set; ``passed`` is the mean percentage of their checks that passed."""

    number: int
    n: int
    passed: int | None


def draw_sets(results: Sequence[Result]) -> list[DrawSet]:
    """Compare the outcomes of draw sets; empty where results name none."""
    shares: dict[int, list[float | None]] = {}
    for result in results:
        if result.provenance.draw_set is not None:
            shares.setdefault(result.provenance.draw_set, []).append(_share(result))
    return [_draw_set(number, found) for number, found in sorted(shares.items())]


def _draw_set(number: int, found: Sequence[float | None]) -> DrawSet:
    known = [share for share in found if share is not None]
    return DrawSet(number, len(found), percent(statistics.fmean(known), 1) if known else None)


def _share(result: Result) -> float | None:
    """Return the share of the judged checks that passed; None where no check was judged."""
    judged = [c.outcome for c in result.checks if c.outcome in (PASSED, FAILED, SKIPPED)]
    return judged.count(PASSED) / len(judged) if judged else None
