"""Recognise mistakes with a free constant, such as an epsilon, a slope or a clip, whatever its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autograder.judge.compare import Truth
from autograder.judge.oracle.expected import KnownMistake, sampled

EXPLAINED = 0.05  # the part of an error, as a norm, that interpolation between two constants may leave
UNCHANGED = 1e-3  # how far a right answer may move, relative to its size, for the same constant

Answers = Mapping[str, Sequence[np.ndarray]]


def match_family(
    outputs: Answers, failed: set[str], known: Sequence[KnownMistake], truth: Mapping[str, Sequence[Truth]]
) -> KnownMistake | None:
    """Return the one mistake that explains all errors with one value of its constant.

    Args:
      outputs: the student's output leaves by probe, for one function.
      failed: the probes that failed.
      known: the candidates, with their answers for increasing values of their constants.
      truth: the true output leaves by probe.
    """
    left = {m.name: _unexplained(outputs, failed, m, truth) for m in known}
    fitting = sorted((m for m in known if left[m.name] <= EXPLAINED), key=lambda m: left[m.name])
    if len(fitting) > 1 and left[fitting[1].name] < 2 * left[fitting[0].name] + 1e-4:
        return None
    return fitting[0] if fitting else None


def _unexplained(
    outputs: Answers, failed: set[str], mistake: KnownMistake, truth: Mapping[str, Sequence[Truth]]
) -> float:
    """Return the part of the errors that the best constant leaves, the worst probe's; infinite if it cannot fit.

    Between two neighbouring constants all answers are taken for straight lines.
    """
    shared = [key for key in outputs if key in mistake.outputs and key in truth]
    wrong = [key for key in shared if key in failed]
    if not wrong or len(wrong) < len([key for key in failed if key in outputs]):
        return np.inf
    if any(key in mistake.outputs and key not in outputs for key in failed):
        return np.inf
    ours, theirs, parts, start = [], [], [], 0
    for key in shared:
        right = _flat([t.value for t in truth[key]])
        given = _flat(outputs[key])
        answers = np.concatenate(mistake.outputs[key], axis=1, dtype=np.float64)
        if given.shape != right.shape or answers.shape[1:] != right.shape:
            return np.inf
        error = given - right
        unit = float(np.linalg.norm(error))
        if key not in failed:  # right, or wrong and set aside
            unit = max(unit, float(np.linalg.norm(right)) * UNCHANGED / EXPLAINED)
        if not np.isfinite(unit):
            return np.inf
        ours.append(given / max(unit, 1e-30))
        theirs.append(answers / max(unit, 1e-30))
        parts.append(slice(start, start := start + right.size))
    return _nearest(np.concatenate(ours), np.concatenate(theirs, axis=1), parts)


def _nearest(point: np.ndarray, corners: np.ndarray, parts: Sequence[slice]) -> float:
    """Return the distance of a point from a path of straight pieces, the largest over the parts of its coordinates.

    Args:
      point: float64 of shape ``[n]``.
      corners: float64 of shape ``[corners, n]``; pieces with a corner that is not finite are left out.
    """
    best = np.inf
    for start, end in zip(corners, corners[1:], strict=False):
        if not (np.isfinite(start).all() and np.isfinite(end).all() and np.isfinite(point).all()):
            continue
        along = end - start
        length = float(along @ along)
        where = min(max(float((point - start) @ along) / length, 0.0), 1.0) if length else 0.0
        gap = point - start - where * along
        best = min(best, max(float(np.linalg.norm(gap[part])) for part in parts))
    return best


def _flat(leaves: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([sampled(np.asarray(leaf, np.float64)) for leaf in leaves])
