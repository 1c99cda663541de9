"""Decide whether numbers are the same: tolerances are computed from the reference's own error.

Truth is the reference in float64 on inputs rounded to float32.  Every leaf is compared twice, relative to
the rms of the truth: norm-wise against ``max(2e-5, 16 eta)`` and element-wise against ``max(2e-4, 16 eta)``,
where eta is what the trusted reference itself loses in float32 on that very probe (or how strongly the
truth answers to a half-ulp change of its inputs, if that is more).  See assignments/README.md.

References:
  Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 2002: forward errors norm-wise and
  element-wise (chapter 1), and why a float32 result may be as far off as rounding its inputs moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.results import FAILED, PASSED, Outcome, Place

FLOORS = {"float32": (2e-5, 2e-4), "bfloat16": (2e-2, 1.5e-1), "float16": (2e-3, 2e-2)}
SAFETY = 16.0
ILL_CONDITIONED = 1e-4
TINY = 1e-30


@dataclass(frozen=True)
class Truth:
    """One leaf of the true answer with its tolerances.

    Attributes:
      value: the true answer, float64 for floating outputs.
      tolerance: largest error (norm-wise, element-wise), relative to ``scale``.
      scale: what errors are relative to, in the unit of ``value``: see :func:`scales`.
    """

    value: np.ndarray
    tolerance: tuple[float, float]
    scale: float


@dataclass(frozen=True)
class Comparison:
    """How an answer compares with the truth, at the leaf that misses its tolerance by most.

    Attributes:
      error: norm-wise, relative to the scale of the truth; for integers the share of wrong elements.
      tolerance: largest ``error`` that passes.
      worst: error of the worst element, relative to the scale of the truth.
      worst_tolerance: largest ``worst`` that passes.
      place: the worst element of a leaf that failed.
      not_finite: an element is not finite where the truth is.
    """

    outcome: Outcome
    error: float = 0.0
    tolerance: float = 0.0
    worst: float = 0.0
    worst_tolerance: float = 0.0
    place: Place | None = None
    not_finite: bool = False


def make_truth(values: Sequence[np.ndarray], etas: Sequence[tuple[float, float]], dtypes: Sequence[str]) -> list[Truth]:
    """Attach tolerances to the leaves of a true answer.

    Args:
      values: the true leaves, float64 for floating outputs.
      etas: for each leaf, the (norm-wise, element-wise) error that the reference makes in float32.
      dtypes: for each leaf, the dtype of a student's answer.
    """
    truths = []
    for value, eta, dtype, scale in zip(values, etas, dtypes, scales(values), strict=True):
        norm, element = FLOORS.get(dtype, FLOORS["float32"])
        truths.append(Truth(value, (max(norm, SAFETY * eta[0]), max(element, SAFETY * eta[1])), scale))
    return truths


def errors(value: np.ndarray, truth: np.ndarray, scale: float) -> tuple[float, float]:
    """Return the (norm-wise, element-wise) error relative to ``scale``: rms and maximum of the difference.

    Args:
      value: the answer, of the shape of ``truth``; any real dtype.
      truth: float64.

    Returns:
      Two numbers without unit; infinite where only one side is finite.  Equal infinities differ by nothing.
    """
    if not value.size:
        return 0.0, 0.0
    gap = distance(value, truth)
    largest = float(gap.max())
    if not np.isfinite(largest):
        return np.inf, np.inf
    return float(np.sqrt(np.mean((gap / scale) ** 2))), largest / scale


def compare(actual: Sequence[np.ndarray], truths: Sequence[Truth], paths: Sequence[str]) -> Comparison:
    """Compare all leaves of one answer and report the leaf that misses its tolerance by most.

    Args:
      actual: the answer's leaves, each of the shape of its truth.
      truths: the true leaves with their tolerances.
      paths: names of the leaves, for messages.
    """
    worst: tuple[float, Comparison] | None = None
    for value, truth, path in zip(actual, truths, paths, strict=True):
        leaf = _leaf(value, truth, path)
        excess = max(leaf.error / leaf.tolerance, leaf.worst / leaf.worst_tolerance)
        if worst is None or excess > worst[0]:
            worst = excess, leaf
    return worst[1] if worst else Comparison(PASSED, 0.0, 1.0, 0.0, 1.0)


def _leaf(value: np.ndarray, truth: Truth, path: str) -> Comparison:
    if truth.value.dtype.kind in "iub":
        same = value == truth.value
        if bool(np.all(same)):
            return Comparison(PASSED, 0.0, 0.5, 0.0, 0.5)
        index = np.unravel_index(int(np.argmin(same)), same.shape) if same.shape else ()
        return Comparison(FAILED, float(np.mean(~same)), 0.5, 1.0, 0.5, _place(path, index, truth.value, value))
    error, element = errors(value, truth.value, truth.scale)
    ok = error <= truth.tolerance[0] and element <= truth.tolerance[1]
    place = None
    if not ok:
        gap = distance(value, truth.value)
        index = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.shape else ()
        place = _place(path, index, truth.value, value)
    not_finite = bool(np.any(~np.isfinite(value.astype(np.float64)) & np.isfinite(truth.value)))
    return Comparison(
        PASSED if ok else FAILED, error, truth.tolerance[0], element, truth.tolerance[1], place, not_finite
    )


def distance(value: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return how far apart every two elements are, float64 of the common shape.

    Equal infinities, and NaN where NaN is true, differ by nothing; other elements that are not finite by infinity.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(value.astype(np.float64) - truth)
    same = (value == truth) | (np.isnan(truth) & np.isnan(value))
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))


def _place(path: str, index: Sequence[object], expected: np.ndarray, actual: np.ndarray) -> Place:
    at = tuple(int(i) for i in index)  # type: ignore[call-overload]
    return Place(path, at, float(expected[at]), float(actual[at]))


def scales(values: Sequence[np.ndarray]) -> list[float]:
    """Return the rms of each leaf, but at least 1e-4 of the largest leaf's: noise beside that leaf is no error.

    Args:
      values: arrays of any shapes; the rms of integer arrays counts as zero, and entries that are not finite
        are left out.
    """
    rms = [_rms(v) if v.dtype.kind == "f" else 0.0 for v in values]
    big = max(rms, default=0.0)
    return [max(r, 1e-4 * big, TINY) for r in rms]


def _rms(value: np.ndarray) -> float:
    finite = value[np.isfinite(value)].astype(np.float64)
    if not finite.size:
        return 0.0
    largest = float(np.abs(finite).max())
    return largest * float(np.sqrt(np.mean((finite / largest) ** 2))) if largest else 0.0
