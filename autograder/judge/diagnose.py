"""Describe wrong numbers by the most useful fact, and match them with known mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autograder.judge.compare import TINY, Truth, distance, errors
from autograder.judge.oracle.expected import KnownMistake

FEW = 0.2  # the part of the entries that may be right by chance
MAX_NAMED = 4  # arrays whose names are listed
MATCH = 1e-3  # two float32 implementations of the same mistake differ by less


def match_mistake(
    outputs: Mapping[str, Sequence[np.ndarray]], failed: set[str], known: Sequence[KnownMistake]
) -> KnownMistake | None:
    """Return the known mistake whose answers equal the student's on every probe that both answered.

    Args:
      outputs: the student's output leaves by probe, for one function.
      failed: the probes that failed; a mistake must explain at least one of them and may not
        answer a failed one differently.
      known: the candidates, with their float32 outputs by probe.
    """
    best: tuple[int, KnownMistake] | None = None
    for mistake in known:
        shared = [key for key in outputs if key in mistake.outputs]
        explained = [key for key in shared if key in failed]
        if not explained or len(explained) < len([k for k in failed if k in outputs]):
            continue
        if any(
            key in mistake.outputs and key not in outputs for key in failed
        ):  # there it gives numbers, the work none
            continue
        if all(_equal(outputs[key], mistake.outputs[key]) for key in shared) and (
            best is None or len(shared) > best[0]
        ):
            best = len(shared), mistake
    return best[1] if best else None


def describe(
    actual: Sequence[np.ndarray],
    truths: Sequence[Truth],
    inputs: Sequence[np.ndarray],
    paths: Sequence[str],
    one_call: bool = True,
) -> str:
    """Say in one sentence how an answer differs from the truth.

    Args:
      actual: the answer's leaves, each of the shape of its truth.
      truths: the true leaves, float64 for floating outputs.
      inputs: the flat inputs, whose sizes and values may explain a factor or an overflow.
      paths: names of the leaves.
      one_call: whether the answer is that of one call; after several, a small error may come from anywhere.
    """
    wrong = [i for i, (a, t) in enumerate(zip(actual, truths, strict=True)) if not _close(a, t.value, t.scale)]
    if not wrong:  # a small error: describe the array that is furthest off
        off = [errors(np.asarray(a), t.value, t.scale)[0] / t.tolerance[0] for a, t in zip(actual, truths, strict=True)]
        wrong = [int(np.argmax(off))]
    i = wrong[0]
    at = f"at {paths[i]}: " if paths[i] else ""
    return at + _leaf(np.asarray(actual[i]), truths[i], inputs, one_call) + _others(wrong, paths)


def _others(wrong: Sequence[int], paths: Sequence[str]) -> str:
    """Tell wrong arrays from right ones, by name where these are few."""
    if len(paths) < 2:
        return ""
    right = [i for i in range(len(paths)) if i not in wrong]
    parts = [f"{len(wrong)} of {len(paths)} arrays differ"] if len(wrong) > 1 or not right else []
    if right and min(len(right), len(wrong)) <= MAX_NAMED:
        kind, named = ("right", right) if len(right) <= len(wrong) else ("wrong", wrong)
        parts.append(f"{kind}: {', '.join(paths[i] for i in named)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _leaf(value: np.ndarray, truth: Truth, inputs: Sequence[np.ndarray], one_call: bool) -> str:
    true = truth.value
    if true.dtype.kind in "iub" and not true.shape:
        return f"expected {true}, got {value}"
    if true.dtype.kind in "iub":
        return _exact(value, true)
    narrow = _half(value)
    value = value.astype(np.float64)
    bad = ~np.isfinite(value) & np.isfinite(true)
    if bad.any():
        what = "NaN" if np.isnan(value[bad]).any() else "infinity"
        fact = f"{what} in {int(bad.sum())} of {value.size} entries where the reference is finite"
        largest = max((float(np.abs(x).max()) for x in inputs if x.dtype.kind == "f" and x.size), default=0.0)
        if largest > 50:
            return (
                fact
                + f"; with inputs as large as {largest:.0e}, exp overflows to infinity or underflows to 0, and then "
                "inf/inf, 0/0 or log(0) follow: shift each row by its own maximum before exp, or rearrange"
            )
        return fact + "; look for 0/0, log of 0 or sqrt of a negative number"
    same = (value == true) | (np.isnan(value) & np.isnan(true))
    other = ~np.isfinite(true) & ~same
    if other.any():
        what = "NaN" if np.isnan(true[other]).any() else "infinite"
        return f"{int(other.sum())} of {value.size} entries differ where the reference is {what}"
    value, true = (np.where(np.isfinite(true), x, 0.0) for x in (value, true))
    if not np.any(value):
        return "all entries are zero"
    scale = truth.scale
    error = float(np.sqrt(np.mean((value - true) ** 2))) / scale
    differ = f"the numbers differ (relative error {error:.1e})"
    nearly = f"nearly right (relative error {error:.1e}): " + (
        f"all numbers are exact in {narrow}, so a part is computed in half precision"
        if narrow
        else "possible causes are half precision, a rounded constant or a misplaced epsilon"
    )
    if not true.shape and not narrow and error < 2e-2:  # one number may be near by chance
        return f"the number is wrong, though on these inputs by {error:.2%} only"
    if _close(value, true, scale):
        return nearly if one_call or narrow else differ
    if true.size > 1 and np.ptp(value) == 0 and np.ptp(true) > 0:
        return "all entries are the same number"
    if narrow and error < 2e-2:
        return nearly
    if not np.any(true):
        return f"every entry should be exactly zero; the largest is {float(np.abs(value).max()):.3g}"
    ratio = _factor(value, true, scale)
    if ratio is not None:
        return _name_factor(ratio, inputs, true.shape)
    if any(x.shape == true.shape and np.any(x) and _close(value, x, scale) for x in inputs if x.dtype.kind == "f"):
        return "the result equals one of the inputs"
    shift = float(np.mean(value - true))
    if abs(shift) > 1e-4 * scale and true.size > 1 and _close(value - shift, true, scale):
        return f"every entry is off by the same amount ({shift:+.4g})"
    moved = _moved(value, true, scale)
    if moved:
        return moved
    if _close(np.abs(value), np.abs(true), scale):
        return "the sign of some entries is wrong"
    gap = np.abs(value - true) / scale
    if one_call and error < 2e-2 and gap.max() < 0.05:
        return nearly
    close = gap <= 1e-3
    if close.any() and true.size > 2:
        return _where(close, inputs, differ)
    return nearly if error < 2e-2 and one_call else differ


def _factor(value: np.ndarray, true: np.ndarray, scale: float) -> float | None:
    """Return c when value = c * true, up to rounding."""
    power = float(np.sum((true / scale) ** 2))
    if power <= 0:
        return None
    c = float(np.sum((value / scale) * (true / scale))) / power
    # What is left beside the factor must be small against what the factor explains: rounding is no factor.
    left = scale * min(max(abs(c), 1e-3), 100 * abs(c - 1))
    return c if abs(c) > 1e-6 and abs(c - 1) > 1e-4 and _close(value, c * true, left) else None


def _name_factor(ratio: float, inputs: Sequence[np.ndarray], shape: tuple[int, ...]) -> str:
    if abs(ratio + 1) < 1e-4:
        return "the sign is wrong: every entry is the negative of the expected value"
    kind = "every entry is" if shape else "the number is"
    sizes = sorted({n for x in inputs for n in x.shape if n > 1} | {n for n in shape if n > 1})
    for n in sizes:
        if abs(ratio - n) < 1e-3 * n:
            return f"{kind} too large by a factor of {n}, the length of an axis: did you sum where the mean is wanted?"
        if abs(ratio * n - 1) < 1e-3:
            return (
                f"{kind} too small by a factor of {n}, the length of an axis: did you average where the sum is wanted?"
            )
    known = any(abs(ratio * n - 1) < 1e-3 or abs(ratio / n - 1) < 1e-3 for n in (2, 3, 4, 10))
    if not shape and not known:  # one number is always some multiple of another
        near = abs(ratio - 1) < 0.02
        return (
            f"the number is wrong, though on these inputs by {abs(ratio - 1):.2%} only"
            if near
            else "the number is wrong"
        )
    return f"{kind} {ratio:.5g} times the expected value: a constant factor is wrong"


def _moved(value: np.ndarray, true: np.ndarray, scale: float) -> str:
    if true.ndim == 2 and true.shape[0] == true.shape[1] and _close(value, true.T, scale):
        return "the result is transposed"
    for axis in range(true.ndim):
        if true.shape[axis] < 2:
            continue
        if _close(value, np.flip(true, axis), scale):
            return f"the result is reversed along axis {axis}"
        for step in (1, -1):
            inner = slice(1, None) if step == 1 else slice(None, -1)
            at = tuple(inner if a == axis else slice(None) for a in range(true.ndim))
            if true.shape[axis] > 2 and _close(value[at], np.roll(true, step, axis)[at], scale):
                return f"the result is shifted by one along axis {axis}"
        mean = np.broadcast_to(true.mean(axis, keepdims=True), true.shape)
        if _close(value, mean, scale) and not _close(true, mean, scale):
            return f"the result is averaged along axis {axis}"
    return ""


def _exact(value: np.ndarray, true: np.ndarray) -> str:
    """Describe how whole numbers or truth values differ."""
    wrong = value != true
    if true.dtype.kind == "b" and wrong.all() and true.size > 1:
        return "every entry is the opposite of what it should be"
    gaps = np.unique(value.astype(np.int64) - true.astype(np.int64)) if true.dtype.kind != "b" else np.empty(0)
    if true.size > 1 and gaps.size == 1:
        return f"every entry is off by the same amount ({int(gaps[0]):+d})"
    if true.size > 1 and np.unique(value).size == 1:
        return f"all entries are {value.flat[0]}"
    moved = _moved(value, true, 0.0) if true.size > 8 and not _diagonal(wrong) else ""
    return moved or _where(~wrong)


def _half(value: np.ndarray) -> str:
    """Name the narrow type that holds every number of a float32 array exactly; empty where there is none."""
    if value.dtype != np.float32 or value.size < 4 or np.unique(value).size < 4:
        return ""
    if not np.any(np.ascontiguousarray(value).view(np.uint32) & 0xFFFF):
        whole = np.all(value == np.round(value))
        return "" if whole else "bfloat16"
    with np.errstate(over="ignore"):
        exact = np.all(value.astype(np.float16).astype(np.float32) == value)
    return "float16" if exact and not np.all(value == np.round(value)) else ""


def _where(close: np.ndarray, inputs: Sequence[np.ndarray] = (), differ: str = "") -> str:
    """Name the places of the wrong entries: all of a diagonal or of a slice, or one sign of the input; nothing else.

    Args:
      differ: what to say where only a few entries are right, which may be chance.
    """
    wrong = np.argwhere(~close)
    count = f"{len(wrong)} of {close.size} entries are wrong"
    for x in inputs:
        if x.shape == close.shape and x.dtype.kind == "f" and (sign := _sign(~close, x)):
            return f"{count}, all those where the input is {sign}"
    diagonal = _diagonal(~close)
    if diagonal:
        return f"{count}, all those {diagonal}: is a boundary off by one?"
    for axis in range(close.ndim):
        places = np.unique(wrong[:, axis])
        size = close.shape[axis]
        slice_is_wrong = len(places) == 1 and len(wrong) == close.size // size
        if size > 2 and slice_is_wrong and len(wrong) > 1:
            name = {0: "the first position", size - 1: "the last position"}.get(
                int(places[0]), f"index {int(places[0])}"
            )
            return f"{count}, all those at {name} of axis {axis}"
    return differ if differ and close.mean() < FEW else f"{count}; the others are right"


def _sign(wrong: np.ndarray, x: np.ndarray) -> str:
    """Name the sign of the input where entries are wrong: those of one sign nearly all, the others never."""
    for name, group in (("negative", x < 0), ("positive", x > 0)):
        if 4 <= group.sum() < x.size - 3 and wrong[group].mean() > 0.8 and not wrong[~group].any():
            return name
    return ""


def _diagonal(wrong: np.ndarray) -> str:
    """Name the one diagonal of the last two axes that holds exactly the wrong entries; empty where there is none."""
    if wrong.ndim < 2 or min(wrong.shape[-2:]) < 3:
        return ""
    flat = wrong.reshape(-1, *wrong.shape[-2:])
    offsets = np.unique(np.argwhere(flat)[:, 2] - np.argwhere(flat)[:, 1])
    if len(offsets) != 1 or abs(int(offsets[0])) > 1:
        return ""
    offset = int(offsets[0])
    if not all(plane.diagonal(offset).all() for plane in flat if plane.any()):
        return ""
    return {0: "on the diagonal", 1: "right above the diagonal", -1: "right below the diagonal"}[offset]


def _close(value: np.ndarray, true: np.ndarray, scale: float) -> bool:
    """Whether two arrays of one shape differ by at most MATCH times ``scale`` anywhere."""
    if value.shape != true.shape:
        return False
    gap = distance(value.astype(np.float64), true.astype(np.float64))
    return bool(np.all(gap <= MATCH * max(scale, TINY)))


def _equal(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    """Whether two answers agree up to float32 rounding and are not finite in the same places."""
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        if x.shape != y.shape:
            return False
        fx, fy = x.astype(np.float64), y.astype(np.float64)
        finite = np.isfinite(fx) & np.isfinite(fy)
        if not np.array_equal(np.where(finite, 0.0, fx), np.where(finite, 0.0, fy), equal_nan=True):
            return False
        scale = float(np.sqrt(np.mean(fy[finite] ** 2))) if finite.any() else 0.0
        if not _close(np.where(finite, fx, 0.0), np.where(finite, fy, 0.0), max(scale, TINY)):
            return False
    return True
