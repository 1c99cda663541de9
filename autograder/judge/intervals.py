"""Statistics of interleaved timings.  Only ratios measured in one run are ever judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.99
MIN_PAIRS = 12


@dataclass(frozen=True)
class Interval:
    """The median of pair ratios (without unit) with a distribution-free confidence interval."""

    median: float
    low: float
    high: float


def interval(ratios: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the confidence interval of a median from order statistics (binomial).

    Nothing is assumed of how the ratios are distributed; few pairs give an interval without an upper bound.

    Args:
      ratios: of interleaved pairs of timings, without unit.
      confidence: least probability that the interval covers the true median.

    References:
      Conover, Practical Nonparametric Statistics, 3rd edition, 1999, section 3.2.
      David, Nagaraja, Order Statistics, 3rd edition, 2003.
    """
    ordered = sorted(ratios)
    n = len(ordered)
    if not n:
        return Interval(math.nan, 0.0, math.inf)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    tail, rank = 0.0, 0
    for k in range(n // 2):
        tail += math.comb(n, k) * 0.5**n
        if tail > (1 - confidence) / 2:
            break
        rank = k + 1
    if rank == 0:
        return Interval(median, 0.0, math.inf)
    return Interval(median, ordered[rank - 1], ordered[n - rank])


def share(bands: Sequence[tuple[float, float]], value: float) -> float:
    """Return the share of the points, 0 to 1, that a ratio earns: that of the best band it reaches.

    Args:
      bands: (least ratio, share of the points).
    """
    return max((part for bar, part in bands if value >= bar), default=0.0)


def settled(bands: Sequence[tuple[float, float]], measured: Interval, pairs: int) -> bool:
    """Whether more pairs could not change the band: the whole interval lies in one."""
    return pairs >= MIN_PAIRS and share(bands, measured.low) == share(bands, measured.high)
