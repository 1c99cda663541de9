"""Wrong numbers lead to the nearest useful fact."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.judge.compare import Truth, compare, make_truth
from autograder.judge.diagnose import describe, match_mistake
from autograder.judge.oracle.expected import KnownMistake
from autograder.results import FAILED

RNG = np.random.default_rng(1)
X = RNG.normal(size=(4, 5)).astype(np.float32)
TRUE = RNG.normal(size=(4, 5))
SQUARE = RNG.normal(size=(4, 4))


def fact(actual: object, true: object = TRUE, *inputs: np.ndarray) -> str:
    """Describe an answer that fails the comparison."""
    truths = _truths(np.asarray(true))
    value = np.asarray(actual)
    value = value.astype(np.float32) if value.dtype == np.float64 else value
    assert compare([value], truths, [""]).outcome == FAILED
    return describe([value], truths, inputs or (X,), [""])


def _truths(*leaves: np.ndarray) -> list[Truth]:
    return make_truth(leaves, [(0.0, 0.0)] * len(leaves), ["float32"] * len(leaves))


def _with(changes: dict[tuple[int, ...], float], true: np.ndarray = TRUE) -> np.ndarray:
    value = true.copy()
    for at, number in changes.items():
        value[at] = number
    return value


FACTS = {
    "sign": (-TRUE, TRUE, "every entry is the negative of the expected value"),
    "sum for mean": (TRUE * 5, TRUE, "too large by a factor of 5, the length of an axis: did you sum where the mean"),
    "mean for sum": (
        TRUE / 4,
        TRUE,
        "too small by a factor of 4, the length of an axis: did you average where the sum",
    ),
    "factor": (TRUE * 1.7, TRUE, "every entry is 1.7 times the expected value"),
    "scalar factor": (np.float32(3.4), np.float64(2.0), "the number is wrong"),
    "small factor": (TRUE * 1.0005, TRUE, "every entry is 1.0005 times the expected value"),
    "transposed": (SQUARE.T, SQUARE, "the result is transposed"),
    "reversed": (TRUE[:, ::-1], TRUE, "reversed along axis 1"),
    "reversed rows": (TRUE[::-1], TRUE, "reversed along axis 0"),
    "shifted": (np.roll(TRUE, 1, 1), TRUE, "shifted by one along axis 1"),
    "shifted back": (np.roll(TRUE, -1, 0), TRUE, "shifted by one along axis 0"),
    "averaged": (
        np.broadcast_to(TRUE.mean(1, keepdims=True), TRUE.shape),
        TRUE,
        "averaged along axis 1",
    ),
    "offset": (TRUE + 0.25, TRUE, "off by the same amount (+0.25)"),
    "zeros": (np.zeros_like(TRUE), TRUE, "all entries are zero"),
    "constant": (np.ones_like(TRUE), TRUE, "all entries are the same number"),
    "input": (X, TRUE, "equals one of the inputs"),
    "some signs": (np.abs(TRUE), TRUE, "the sign of some entries is wrong"),
    "one entry": (_with({(1, 2): 9.0}), TRUE, "1 of 20 entries are wrong; the others are right"),
    "first column": (
        _with({(i, 0): 9.0 + i for i in range(4)}),
        TRUE,
        "4 of 20 entries are wrong, all those at the fi",
    ),
    "last row": (_with({(3, i): 9.0 + i for i in range(5)}), TRUE, "5 of 20 entries are wrong, all those at the last"),
    "part of the last row": (_with({(3, i): 9.0 + i for i in range(3)}), TRUE, "3 of 20 entries are wrong; the others"),
    "diagonal": (
        SQUARE + 5 * np.eye(len(SQUARE)) * (1 + np.arange(len(SQUARE))),
        SQUARE,
        "wrong, all those on the diagonal",
    ),
    "scattered": (_with({(0, 1): 9.0, (2, 3): 8.0}), TRUE, "2 of 20 entries are wrong; the others are right"),
    "half precision": (TRUE.astype(np.float16).astype(np.float32), TRUE, "all numbers are exact in float16, so"),
    "nearly, and exact in places": (
        TRUE + 0.01 * (np.arange(20).reshape(4, 5) % 2),
        TRUE,
        "nearly right (relative error",
    ),
    "nearly": (TRUE + 0.004 * np.sign(RNG.normal(size=(4, 5))), TRUE, "nearly right (relative error"),
    "unrelated": (RNG.normal(size=(4, 5)), TRUE, "the numbers differ (relative error"),
    "nan": (_with({(0, 0): np.nan}), TRUE, "NaN in 1 of 20 entries where the reference is finite; look for 0/0"),
    "infinity": (_with({(0, 0): np.inf, (1, 1): -np.inf}), TRUE, "infinity in 2 of 20 entries"),
    "integers": (np.array([1, 2, 4], np.int32), np.array([1, 2, 3], np.int32), "1 of 3 entries are wrong"),
    "booleans": (np.array([True, True]), np.array([True, False]), "all entries are True"),
    "opposite": (np.arange(9) < 4, np.arange(9) >= 4, "every entry is the opposite"),
    "positions": (np.arange(1, 6), np.arange(5), "every entry is off by the same amount (+1)"),
    "mask off by one": (
        np.tril(np.ones((6, 6), bool), 1),
        np.tril(np.ones((6, 6), bool)),
        "5 of 36 entries are wrong, all those right above the diagonal: is a boundary off by one?",
    ),
    "mask without the diagonal": (
        np.tril(np.ones((6, 6), bool), -1),
        np.tril(np.ones((6, 6), bool)),
        "all those on the diagonal",
    ),
    "transposed mask": (np.triu(np.ones((6, 6), bool)), np.tril(np.ones((6, 6), bool)), "the result is transposed"),
    "scattered truth values": (np.arange(12).reshape(3, 4) > 3, np.arange(12).reshape(3, 4) > 5, "2 of 12 entries are"),
    "bfloat16": (
        (np.ascontiguousarray(TRUE.astype(np.float32)).view(np.uint32) & 0xFFFF0000).view(np.float32),
        TRUE,
        "all numbers are exact in bfloat16",
    ),
    "whole numbers are no half precision": (np.arange(20.0).reshape(4, 5) + 1e3, TRUE, "the numbers differ"),
}


@pytest.mark.parametrize("name", FACTS)
def test_wrong_numbers_are_described_by_their_fact(name: str) -> None:
    actual, true, words = FACTS[name]
    assert words in fact(actual, true)


def test_overflow_of_large_inputs_is_named() -> None:
    said = fact(_with({(0, 0): np.nan}), TRUE, X * 1e4)
    assert "exp overflows to infinity or underflows to 0" in said and "log of 0" not in said


def test_right_infinities_are_not_what_is_wrong() -> None:
    true = _with({(0, 0): -np.inf, (1, 1): np.nan})
    assert "1 of 20 entries" in fact(_with({(2, 2): 7.0}, true), true)
    right = _with({(0, 0): -np.inf})
    truths = _truths(right, TRUE)
    assert describe([right, -TRUE], truths, (X,), ["['a']", "['b']"]).startswith("at ['b']: the sign is wrong")


def test_the_array_that_is_wrong_is_named() -> None:
    truths = _truths(TRUE, TRUE[0], SQUARE)
    paths = ["['a']", "['b']", "['c']"]
    said = describe([TRUE, -TRUE[0], 2.3 * SQUARE], truths, (X,), paths)
    assert (
        said == "at ['b']: the sign is wrong: every entry is the negative of the expected value "
        "(2 of 3 arrays differ; right: ['a'])"
    )
    # An error too small for any other fact still belongs to its own array.
    said = describe([TRUE, TRUE[0], SQUARE.astype(np.float16)], truths, (X,), paths)
    assert said.startswith("at ['c']: nearly right") and said.endswith("(wrong: ['c'])")


def _known(name: str, **outputs: np.ndarray) -> KnownMistake:
    return KnownMistake(name, "relu", "relu", "hint", frozenset(), {k: [v] for k, v in outputs.items()})


def test_a_known_mistake_is_recognised_by_its_numbers() -> None:
    half, double = _known("half", a=TRUE / 2, b=SQUARE), _known("double", a=2 * TRUE, b=SQUARE)
    mine = {"a": [(TRUE / 2).astype(np.float32)], "b": [SQUARE.astype(np.float32)]}
    assert match_mistake(mine, {"a"}, [double, half]) is half
    assert match_mistake(mine, {"a"}, [double]) is None
    assert match_mistake(mine, set(), [half]) is None  # nothing failed: nothing to explain
    assert match_mistake({"b": mine["b"]}, {"a"}, [half]) is None  # the failed probe has no numbers
    assert (
        match_mistake({"a": mine["a"]}, {"a", "b"}, [half]) is None
    )  # the other one raised an error, the mistake none


def test_a_mistake_must_explain_everything_that_failed_and_fit_what_passed() -> None:
    half = _known("half", a=TRUE / 2, b=SQUARE)
    assert match_mistake({"a": [TRUE / 2], "b": [SQUARE * 2]}, {"a", "b"}, [half]) is None
    assert match_mistake({"a": [TRUE / 2], "b": [SQUARE * 2]}, {"a"}, [half]) is None
    assert match_mistake({"a": [TRUE / 2], "c": [SQUARE]}, {"a", "c"}, [half]) is None  # says nothing about c
    assert match_mistake({"a": [TRUE / 2], "c": [SQUARE]}, {"a"}, [half]) is half


def test_of_two_that_fit_the_one_that_explains_more() -> None:
    narrow, wide = _known("narrow", a=TRUE / 2), _known("wide", a=TRUE / 2, b=SQUARE)
    mine = {"a": [TRUE / 2], "b": [SQUARE]}
    assert match_mistake(mine, {"a"}, [narrow, wide]) is wide
    assert match_mistake(mine, {"a"}, [wide, narrow]) is wide


def test_not_finite_answers_match_in_the_same_places_only() -> None:
    nan = _known("overflow", a=_with({(0, 0): np.nan, (1, 1): np.inf}))
    assert match_mistake({"a": [_with({(0, 0): np.nan, (1, 1): np.inf})]}, {"a"}, [nan]) is nan
    assert match_mistake({"a": [_with({(0, 0): np.nan, (1, 1): -np.inf})]}, {"a"}, [nan]) is None
    assert match_mistake({"a": [_with({(0, 1): np.nan, (1, 1): np.inf})]}, {"a"}, [nan]) is None


def test_other_shapes_never_match() -> None:
    assert match_mistake({"a": [TRUE[0] / 2]}, {"a"}, [_known("half", a=TRUE / 2)]) is None
    assert match_mistake({"a": [TRUE / 2, TRUE]}, {"a"}, [_known("half", a=TRUE / 2)]) is None


@pytest.mark.parametrize("sign", ["negative", "positive"])
def test_the_sign_of_the_input_where_entries_are_wrong_is_named(sign: str) -> None:
    x = np.linspace(-3, 3, 24).reshape(4, 6)
    wrong = x < 0 if sign == "negative" else x > 0
    given = np.where(wrong, np.cos(5 * x), x**2)
    said = describe([given.astype(np.float32)], _truths(x**2), [x.astype(np.float32)], [""])
    assert said.endswith(f"all those where the input is {sign}")
    here_and_there = np.where(wrong & (np.arange(24).reshape(4, 6) % 3 == 0), np.cos(5 * x), x**2)
    assert "input" not in describe([here_and_there.astype(np.float32)], _truths(x**2), [x.astype(np.float32)], [""])
