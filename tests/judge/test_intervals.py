"""Intervals of ratios hold what they promise, and bands are earned by whole intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.intervals import MIN_PAIRS, Interval, interval, settled, share
from autograder.judge.performance.ratios import agreed, speed_case
from autograder.results import FAILED, INCONCLUSIVE, PASSED

BANDS = ((0.6, 1.0), (0.35, 0.6), (0.15, 0.3))


@pytest.mark.parametrize("pairs", [12, 20, 61])
@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_the_interval_covers_the_median_as_often_as_it_says(pairs: int, confidence: float) -> None:
    rng = np.random.default_rng(pairs)
    runs = 3000
    # Skewed, with spikes, as times on a shared machine are; the true median is 1.
    ratios = np.exp(rng.normal(0, 0.1, (runs, pairs)) * np.where(rng.random((runs, pairs)) < 0.1, 20, 1))
    found = [interval(row.tolist(), confidence) for row in ratios]
    covered = np.mean([i.low <= 1 <= i.high for i in found])
    assert covered >= confidence - 3 * math.sqrt(confidence * (1 - confidence) / runs)
    # Order statistics are discrete, so the interval may be wider than asked; never by more than one step.
    assert covered <= confidence + 0.1


def test_the_interval_narrows() -> None:
    rng = np.random.default_rng(0)
    widths = [i.high - i.low for n in (12, 50, 400) for i in [interval(rng.normal(1, 0.1, n).tolist())]]
    assert widths[0] > widths[1] > widths[2]


@pytest.mark.parametrize("n", range(8))
def test_too_few_pairs_say_nothing(n: int) -> None:
    found = interval([1.0] * n)
    assert (found.low, found.high) == (0.0, math.inf)
    assert n == 0 or found.median == 1.0


def test_no_pairs_give_no_median() -> None:
    assert math.isnan(interval([]).median)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=60))
def test_the_median_lies_inside(ratios: list[float]) -> None:
    found = interval(ratios)
    assert found.low <= found.median <= found.high
    assert interval(ratios[::-1]) == found


@pytest.mark.parametrize(
    ("ratio", "part"),
    [(5.0, 1.0), (0.6, 1.0), (0.599, 0.6), (0.35, 0.6), (0.2, 0.3), (0.15, 0.3), (0.1, 0.0), (0.0, 0.0)],
)
def test_share_of_the_best_band_that_is_reached(ratio: float, part: float) -> None:
    assert share(BANDS, ratio) == part
    assert share(BANDS[::-1], ratio) == part


def test_settled_needs_the_whole_interval_in_one_band_and_enough_pairs() -> None:
    assert settled(BANDS, Interval(1.0, 0.7, 1.3), MIN_PAIRS)
    assert settled(BANDS, Interval(0.4, 0.36, 0.59), MIN_PAIRS)
    assert not settled(BANDS, Interval(0.62, 0.55, 0.7), MIN_PAIRS)
    assert not settled(BANDS, Interval(1.0, 0.7, 1.3), MIN_PAIRS - 1)
    assert settled((), Interval(1.0, 0.0, math.inf), MIN_PAIRS)


@pytest.mark.parametrize(
    ("ratios", "outcome", "words"),
    [
        ([1.0] * 20, PASSED, ""),
        ([0.25] * 20, FAILED, "4.00 times as long as the reference (4.00 to 4.00, 20 pairs)"),
        ([0.5] * 20, FAILED, "2.00 times as long"),  # part of the points, and something to learn
        ([0.5, 0.7] * 10, INCONCLUSIVE, "spans more than one band; measure again"),
        ([1.0] * 5, INCONCLUSIVE, "5 pairs"),
    ],
)
def test_speed_passes_fails_or_is_inconclusive_by_its_interval(ratios: list[float], outcome: str, words: str) -> None:
    answer = {"ratios": ratios, "steady": [2.0, 1.0], "compile": [0.1, 0.2], "first": [0.3, 0.4]}
    found = speed_case(answer, BANDS, {"label": "a"})
    assert found.outcome == outcome and words in found.message
    assert found.statistics["calls per second"] == 0.5
    assert found.statistics["pairs"] == len(ratios)
    assert found.statistics["ratio"] == np.median(ratios)


@pytest.mark.parametrize(
    ("again", "outcome", "words"),
    [
        ([0.5] * 20, FAILED, "2.00 times as long"),
        ([1.0] * 20, PASSED, ""),  # a neighbour was busy the first time
        ([0.25] * 20, FAILED, "measured twice, it takes 1.82 and 4.00 times as long as the reference"),
        ([0.55, 1.0] * 10, FAILED, "too close to a bar"),
    ],
)
def test_what_costs_points_is_seen_twice(again: list[float], outcome: str, words: str) -> None:
    beside = {"steady": [2.0, 1.0], "compile": [0.1, 0.2], "first": [0.3, 0.4]}
    first, second = (speed_case({"ratios": r, **beside}, BANDS, {"label": "a"}) for r in ([0.55] * 20, again))
    found = agreed(first, second, BANDS)
    assert found.outcome == outcome and words in found.message
    assert found.statistics["ratio low"] == max(first.statistics["ratio low"], second.statistics["ratio low"])
    assert share(BANDS, found.statistics["ratio low"]) == (1.0 if outcome == PASSED else share(BANDS, 0.55))
