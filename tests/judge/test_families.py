"""Mistakes with a free constant are recognised for any value between the first and the last, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autograder.checks import mistake
from autograder.judge.compare import make_truth
from autograder.judge.families import match_family
from autograder.judge.oracle.expected import SAMPLE, KnownMistake, sampled

RNG = np.random.default_rng(0)
INPUTS = {"small": RNG.normal(size=(5, 7)), "large": 300 * RNG.normal(size=(40, 30)), "positive": np.ones((2, 3))}
Wrong = Callable[[np.ndarray, float], np.ndarray]


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def leaks(x: np.ndarray, slope: float) -> np.ndarray:
    return np.where(x > 0, x, slope * x)


def clips(x: np.ndarray, limit: float) -> np.ndarray:
    return np.clip(relu(x), 0, limit)


TRUTH = {k: make_truth([relu(x)], [(0.0, 0.0)], ["float32"]) for k, x in INPUTS.items()}


def family(name: str, wrong: Wrong, low: float, high: float) -> KnownMistake:
    constants = tuple(np.geomspace(low, high, 97).tolist())
    outputs = {k: [np.stack([sampled(wrong(x, c).astype(np.float32)) for c in constants])] for k, x in INPUTS.items()}
    return KnownMistake(name, "relu", "relu", "hint", frozenset(), outputs, {}, constants)


KNOWN = [family("leaks", leaks, 1e-3, 0.9), family("clips", clips, 0.5, 500)]


def found(wrong: Callable[[np.ndarray], np.ndarray]) -> str | None:
    outputs = {k: [wrong(x).astype(np.float32)] for k, x in INPUTS.items()}
    failed = {k for k, (given,) in outputs.items() if not np.allclose(given, TRUTH[k][0].value)}
    matched = match_family(outputs, failed, KNOWN, TRUTH) if failed else None
    return matched.name if matched else None


@pytest.mark.parametrize("slope", [0.0013, 0.01, 0.0777, 0.2, 1 / 3, 0.85])
def test_any_slope_is_recognised(slope: float) -> None:
    assert found(lambda x: leaks(x, slope)) == "leaks"


def test_a_case_that_was_set_aside_with_a_tiny_truth_decides_nothing() -> None:
    """What a case that nobody judged leaves unexplained is measured by its error, not by a truth of almost nothing."""

    known = family("adds", lambda x, constant: relu(x) + constant, 1e-4, 1e-2)
    truth = {**TRUTH, "positive": make_truth([1e-19 * INPUTS["positive"]], [(0.0, 0.0)], ["float32"])}
    given = {k: [(relu(x) + 0.00123).astype(np.float32)] for k, x in INPUTS.items()}
    given["positive"][0][0, 1] *= np.float32(1 + 1e-6)  # rounding
    matched = match_family(given, {"small", "large"}, [known], truth)
    assert matched is not None and matched.name == "adds"


@pytest.mark.parametrize("limit", [0.9, 1.7, 6, 20.5, 47, 300])
def test_any_clip_is_recognised(limit: float) -> None:
    assert found(lambda x: clips(x, limit)) == "clips"


@pytest.mark.parametrize(
    "wrong",
    [
        relu,
        np.abs,  # a slope of -1
        np.tanh,
        lambda x: leaks(x, 0.1) + 0.1,
        lambda x: np.minimum(leaks(x, 0.1), 5),
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda x: np.full_like(x, np.nan),
        lambda x: leaks(x, 0.1) * (1 + 0.2 * np.sin(x)),
        lambda x: leaks(x, 0.1) if x.shape == (5, 7) else leaks(x, 0.3),  # no constant explains both
    ],
)
def test_what_no_constant_explains_is_not_named(wrong: Callable[[np.ndarray], np.ndarray]) -> None:
    assert found(wrong) is None


def test_two_families_that_explain_an_answer_equally_are_both_silent() -> None:
    twice = [family("one", leaks, 1e-3, 0.9), family("other", leaks, 1e-3, 0.9)]
    outputs = {k: [leaks(x, 0.1)] for k, x in INPUTS.items()}
    assert match_family(outputs, {"small", "large"}, twice, TRUTH) is None


def test_an_answer_of_another_shape_is_not_compared() -> None:
    outputs = {k: [leaks(x, 0.1)[0]] for k, x in INPUTS.items()}
    assert match_family(outputs, set(INPUTS), KNOWN, TRUTH) is None


def test_large_answers_are_sampled() -> None:
    kept = sampled(np.arange(100_000).reshape(100, 1000))
    assert kept.size == SAMPLE and kept[0] == 0 and kept[-1] == 99_999
    assert sampled(np.float32([[1, 2]])).tolist() == [1, 2]


@pytest.mark.parametrize("between", [(0, 1), (1, 1), (2, 1), (-1, 1)])
def test_constants_are_positive_and_increase(between: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="increasing"):
        mistake("relu", fails=["relu_values"], topic="relu", between=between)
