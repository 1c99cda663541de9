"""The comparison policy: right in float32 is right, everything a degenerate program could answer is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.compare import FLOORS, SAFETY, Comparison, Truth, compare, errors, make_truth, scales
from autograder.results import FAILED, PASSED

NORM, ELEMENT = FLOORS["float32"]
X = np.random.default_rng(0).normal(size=(6, 5))


def judge(actual: object, true: object, eta: tuple[float, float] = (0.0, 0.0), dtype: str = "float32") -> Comparison:
    truths = make_truth([np.asarray(true)], [eta], [dtype])
    return compare([np.asarray(actual)], truths, [""])


def test_float32_rounding_passes_and_half_precision_does_not() -> None:
    assert judge(X.astype(np.float32), X).outcome == PASSED
    assert judge(X.astype(np.float16), X).outcome == FAILED


@pytest.mark.parametrize(
    "wrong",
    [np.zeros_like(X), np.ones_like(X), np.full_like(X, np.nan), np.full_like(X, np.inf), -X, np.roll(X, 1), X * 1.001],
    ids=["zeros", "ones", "nan", "inf", "negative", "shifted", "a thousandth off"],
)
def test_degenerate_answers_fail(wrong: np.ndarray) -> None:
    assert judge(wrong.astype(np.float32), X).outcome == FAILED


def test_both_tolerances_count() -> None:
    true = np.ones(100_000)
    everywhere = true * (1 + 2 * NORM)
    assert judge(everywhere, true).outcome == FAILED  # by the norm: no element is far off
    assert judge(true * (1 + 0.5 * NORM), true).outcome == PASSED
    one = true.copy()
    one[7] += 2 * ELEMENT
    found = judge(one, true)
    assert found.outcome == FAILED and found.error < NORM  # by one element: the norm is fine
    assert found.place is not None and found.place.index == (7,)
    one[7] = 1 + 0.5 * ELEMENT
    assert judge(one, true).outcome == PASSED


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e6, 1e30])
def test_errors_are_relative(scale: float) -> None:
    assert judge((X * scale).astype(np.float32), X * scale).outcome == PASSED
    assert judge(X * scale * (1 + 1e-3), X * scale).outcome == FAILED


def test_what_the_reference_loses_itself_widens_the_tolerance() -> None:
    off = X * (1 + 1e-4)
    assert judge(off, X).outcome == FAILED
    assert judge(off, X, (1e-5, 1e-4)).outcome == PASSED
    found = judge(off, X, (1e-5, 1e-4))
    assert (found.tolerance, found.worst_tolerance) == (SAFETY * 1e-5, SAFETY * 1e-4)
    assert judge(X, X, (1e-9, 1e-9)).tolerance == NORM  # never below the floor


def test_bfloat16_answers_have_their_own_floor() -> None:
    assert judge(X * 1.005, X, dtype="bfloat16").outcome == PASSED
    assert judge(X * 1.1, X, dtype="bfloat16").outcome == FAILED


def test_true_zeros_ask_for_zeros() -> None:
    assert judge(np.zeros(3), np.zeros(3)).outcome == PASSED
    assert judge(np.full(3, 1e-12), np.zeros(3)).outcome == FAILED


def test_noise_beside_a_large_leaf_is_no_error_but_a_wrong_small_leaf_is() -> None:
    big, small = np.full(4, 1e3), np.zeros(4)
    truths = make_truth([big, small], [(0.0, 0.0)] * 2, ["float32"] * 2)
    assert compare([big, small + 1e-7], truths, ["big", "small"]).outcome == PASSED
    found = compare([big, small + 1e-3], truths, ["big", "small"])
    assert found.outcome == FAILED and found.place is not None and found.place.path == "small"
    assert scales([big, small]) == [1e3, 1e3 * 1e-4]


def test_nan_and_infinity_pass_only_where_they_are_true() -> None:
    true = np.array([1.0, np.nan, np.inf, -np.inf])
    assert judge(true, true).outcome == PASSED
    for at in range(4):
        wrong = true.copy()
        wrong[at] = 2.0
        found = judge(wrong, true)
        assert found.outcome == FAILED and (found.error == np.inf) == (at > 0)
        assert found.place is not None and found.place.index == (at,)
    found = judge(np.array([np.nan, np.nan, np.inf, -np.inf]), true)
    assert found.not_finite and found.place is not None and found.place.index == (0,)
    assert judge(-true, true).outcome == FAILED


@pytest.mark.parametrize("dtype", ["int32", "uint32", "bool"])
def test_integers_are_compared_exactly(dtype: str) -> None:
    true = np.array([[0, 1], [1, 0]]).astype(dtype)
    assert judge(true, true, dtype=dtype).outcome == PASSED
    wrong = true.copy()
    wrong[1, 0] = 0
    found = judge(wrong, true, dtype=dtype)
    assert found.outcome == FAILED and found.error == 0.25
    assert found.place is not None and (found.place.index, found.place.expected, found.place.actual) == ((1, 0), 1, 0)


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_nothing_equals_nothing(shape: tuple[int, ...]) -> None:
    for dtype in ("float32", "int32"):
        assert judge(np.zeros(shape, dtype), np.zeros(shape, dtype), dtype=dtype).outcome == PASSED
    assert compare([], [], []).outcome == PASSED


def test_scalars_have_a_place_too() -> None:
    found = judge(np.float32(2), np.float64(1))
    assert found.place is not None and (found.place.index, found.place.expected, found.place.actual) == ((), 1, 2)


def test_the_worst_leaf_is_reported() -> None:
    truths = make_truth([X, X], [(0.0, 0.0)] * 2, ["float32"] * 2)
    found = compare([X * 1.01, X * 1.1], truths, ["['a']", "['b']"])
    assert found.place is not None and found.place.path == "['b']"


@given(
    st.lists(st.floats(width=32, allow_nan=True), min_size=1, max_size=6),
    st.lists(st.floats(width=32, allow_nan=True), min_size=1, max_size=6),
)
def test_errors_never_raise_and_only_equal_numbers_have_none(a: list[float], b: list[float]) -> None:
    n = min(len(a), len(b))
    value, true = np.array(a[:n], np.float32), np.array(b[:n], np.float64)
    found = errors(value, true, max(scales([true])[0], 1e-30))
    assert all(e >= 0 for e in found)  # NaN is not >= 0
    assert (max(found) == 0) == bool(np.array_equal(value, true, equal_nan=True)) or max(found) < 1e-150
    truth = Truth(true, (NORM, ELEMENT), scales([true])[0])
    assert (compare([value], [truth], [""]).outcome == PASSED) == (found[0] <= NORM and found[1] <= ELEMENT)
