"""Map where an output differs, small enough to be stored and drawn: at most 32 × 32 levels, no values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.judge.compare import Truth, distance
from autograder.results import ErrorMap, Place

CELLS = 32
_STEPS = (1.0, 10.0, 100.0, 1000.0)  # times the tolerance
_SIGNS = "01234!"


def error_map(
    actual: Sequence[np.ndarray], truths: Sequence[Truth], paths: Sequence[str], place: Place | None
) -> ErrorMap | None:
    """Map the errors of the leaf that holds the worst place.

    Args:
      actual: the answer's leaves.
      truths: the true leaves.
      paths: names of the leaves; ``place.path`` is one of them.
      place: the worst element.

    Returns:
      The map of the plane through that element, along the two longest axes; None where a map says no more
      than the place does: for scalars, tiny outputs, and outputs that are wrong everywhere.
    """
    if place is None or place.path not in paths or not place.index:
        return None
    at = list(paths).index(place.path)
    value, truth = np.asarray(actual[at]), truths[at]
    if value.shape != truth.value.shape:
        return None
    axes = _axes(truth.value.shape)
    index = tuple(slice(None) if axis in axes else i for axis, i in enumerate(place.index))
    plane = Truth(truth.value[index], truth.tolerance, truth.scale)
    levels = _thinned(np.atleast_2d(_levels(value[index], plane)))
    right, infinite = np.any(levels == 0), np.unique(levels == len(_SIGNS) - 1).size > 1
    if plane.value.size < 4 or not (right or infinite):
        return None
    named = ", ".join(":" if axis in axes else str(i) for axis, i in enumerate(place.index))
    rows = tuple("".join(_SIGNS[level] for level in row) for row in levels)
    return ErrorMap(f"{place.path}[{named}]", plane.value.shape, rows)


def _axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the two longest axes, in their order: of an image the pixels, of attention the positions."""
    longest = sorted(range(len(shape)), key=lambda axis: (-shape[axis], axis))[:2]
    return tuple(sorted(longest))


def _levels(value: np.ndarray, truth: Truth) -> np.ndarray:
    """Return the level of every element, integers from 0 (within the tolerance) to 5 (not finite), same shape."""
    if truth.value.dtype.kind in "iub":
        return np.where(value == truth.value, 0, 4)
    gap = distance(value, truth.value) / truth.scale
    # The tolerance of the whole is the smaller one: where it is missed, some element is beyond it.
    times = gap / min(truth.tolerance)
    return np.where(np.isfinite(gap), np.searchsorted(_STEPS, times, side="left"), len(_SIGNS) - 1)


def _thinned(levels: np.ndarray) -> np.ndarray:
    """Return at most CELLS × CELLS levels: the worst of each cell."""
    for axis in (0, 1):
        size = levels.shape[axis]
        if size > CELLS:
            starts = [i * size // CELLS for i in range(CELLS)]
            levels = np.maximum.reduceat(levels, starts, axis=axis)
    return levels
