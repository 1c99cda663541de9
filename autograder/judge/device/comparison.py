"""Compare a program with the reference's on the device, before it is counted, timed or trained."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

# Largest relative error of a measured output: speed is measured at the device's own matmul precision.
SAME = {"cpu": 1e-3, "gpu": 2e-2, "tpu": 5e-2}
ELEMENT = 20.0  # times SAME: what a single element may be off
SMALL_LEAF = 1e-4  # of the rms of the largest leaf: what is smaller is rounding noise
SAME_STEP = 0.1  # of the way that training has moved the predictions: what two right runs may differ by
STEPS = 4  # of training that are compared

Program = Callable[..., Any]


class DifferentOutputsError(ValueError):
    """A program answered other numbers than the reference."""


class BrokenReferenceError(RuntimeError):
    """The reference's own program failed: a fault of ours."""


class FailedProgramError(RuntimeError):
    """The program itself failed, and not what was made of it."""


@contextlib.contextmanager
def blaming(kind: type[Exception]) -> Iterator[None]:
    """Turn any exception in the block, which runs one program and nothing else, into one that says whose it is."""
    try:
        yield
    except Exception as error:
        raise kind(f"{type(error).__name__}: {error}") from error


def same_limit() -> float:
    """Return the largest :func:`gap` of equal outputs on this device."""
    return SAME.get(jax.default_backend(), 2e-2)


def compare_outputs(student: Program, reference: Program, sets: Sequence[Sequence[Any]]) -> list[list[jax.Array]]:
    """Run both programs, compiled, on every set of flat inputs.

    Returns:
      The reference's output leaves, by set.

    Raises:
      BrokenReferenceError: the reference's program failed.
      FailedProgramError: the student's program failed.
      DifferentOutputsError: an output of the student's differs from the reference's.
    """
    expected = _trusted(reference, sets)
    for i, (inputs, wanted) in enumerate(zip(sets, expected, strict=True)):
        if not gap(_run(student, inputs), wanted) <= same_limit():
            raise DifferentOutputsError(f"inputs {i + 1} of {len(sets)}")
    return expected


class TrainingComparison:
    """Trains two programs for a few steps from one state, the reference's, and compares what they then predict.

    Where a state comes from is each program's own business.  States themselves are not compared: an optimiser divides
    by running means, and so turns the rounding noise of gradients that are zero into steps that change no prediction.

    Args:
      student: init, step and predict, as for :class:`~autograder.judge.device.trainer.Trainer`; compiled once, for all
        seeds.
      reference: the same, of the same signatures.
    """

    def __init__(self, student: Sequence[Program], reference: Sequence[Program]) -> None:
        self._step, self._predict = map(_jitted, student[1:])
        self._right_init, self._right_step, self._right_predict = map(_jitted, reference)

    def compare(self, key: Sequence[np.ndarray], batches: Sequence[np.ndarray], held_out: Sequence[np.ndarray]) -> None:
        """Compare on the inputs of one seed.

        Args:
          key: the flat inputs of init; ``batches`` and ``held_out`` as in training.

        Raises:
          BrokenReferenceError: a program of the reference failed.
          FailedProgramError: a program of the student failed.
          DifferentOutputsError: a prediction, a loss or what a step leads to differs.
        """
        state = mine = _trusted(self._right_init, [key])[0]
        carried, limit = len(state), same_limit()
        first = _trusted(self._right_predict, [[*state, *held_out]])[0]
        if not gap(_run(self._predict, [*state, *held_out]), first) <= limit:
            raise DifferentOutputsError("the prediction")
        for i in range(min(STEPS, len(batches[0]))):
            row = [b[i] for b in batches]
            wanted, moved = _trusted(self._right_step, [[*state, *row]])[0], _run(self._step, [*mine, *row])
            if not gap(moved[carried:], wanted[carried:]) <= limit:
                raise DifferentOutputsError(f"the loss of step {i + 1}")
            state, mine = wanted[:carried], moved[:carried]
            expected, other = _trusted(self._right_predict, [[*s, *held_out] for s in (state, mine)])
            limit = max(same_limit(), SAME_STEP * gap(first, expected))
            if not gap(other, expected) <= limit:
                raise DifferentOutputsError(f"step {i + 1}")


def _jitted(program: Program) -> Program:
    """Compile a program once, for all calls."""
    return jax.jit(lambda *xs: list(program(*xs)))


def _trusted(program: Program, sets: Sequence[Sequence[Any]]) -> list[list[jax.Array]]:
    """Run a program of the reference on sets of inputs.  Raises :class:`BrokenReferenceError`."""
    with blaming(BrokenReferenceError):
        return [list(jax.block_until_ready(program(*inputs))) for inputs in sets]


def _run(program: Program, inputs: Sequence[Any]) -> list[jax.Array]:
    """Run a program of the student.  Raises :class:`FailedProgramError`."""
    with blaming(FailedProgramError):
        return list(jax.block_until_ready(program(*inputs)))


def gap(actual: Sequence[jax.Array], expected: Sequence[jax.Array]) -> float:
    """Return the largest error of a leaf, relative to the rms of the reference.

    The error of a floating leaf is the larger of its rms and a twentieth (1 / ELEMENT) of its worst element's; that of
    another leaf is the share of elements that differ.  Elements that are equal, both NaN included, differ by nothing;
    others that are not finite differ by infinity.

    Args:
      actual: arrays of the shapes and dtypes of ``expected``.

    Returns:
      A number without unit; 0 without leaves.
    """
    return float(_gap(list(actual), list(expected)))


@jax.jit
def _gap(actual: list[jax.Array], expected: list[jax.Array]) -> jax.Array:
    floating = [jax.numpy.issubdtype(e.dtype, jax.numpy.floating) and e.size > 0 for e in expected]
    scales = [_rms(e) if f else jax.numpy.float32(0) for e, f in zip(expected, floating, strict=True)]
    least = SMALL_LEAF * jax.numpy.max(jax.numpy.stack([jax.numpy.float32(1e-26), *scales]))
    gaps = [
        _error(a, e, jax.numpy.maximum(scale, least)) if f else jax.numpy.mean(a != e) if e.size else 0.0
        for a, e, f, scale in zip(actual, expected, floating, scales, strict=True)
    ]
    return jax.numpy.max(jax.numpy.stack([jax.numpy.float32(0), *gaps]))


def _rms(leaf: jax.Array) -> jax.Array:
    """Return the rms of the finite elements of a floating leaf, a float32 scalar that does not overflow."""
    x = leaf.astype(jax.numpy.float32)
    finite = jax.numpy.isfinite(x)
    largest = jax.numpy.maximum(jax.numpy.max(jax.numpy.where(finite, jax.numpy.abs(x), 0)), 1e-30)
    squares = jax.numpy.where(finite, (x / largest) ** 2, 0)
    return largest * jax.numpy.sqrt(
        jax.numpy.sum(squares) / jax.numpy.maximum(jax.numpy.sum(finite, dtype=jax.numpy.float32), 1)
    )


def _error(actual: jax.Array, expected: jax.Array, scale: jax.Array) -> jax.Array:
    """Return the error of one floating leaf relative to ``scale``: a float32 scalar."""
    a, e = actual.astype(jax.numpy.float32), expected.astype(jax.numpy.float32)
    same = (a == e) | (jax.numpy.isnan(a) & jax.numpy.isnan(e))
    off = jax.numpy.where(same, 0, jax.numpy.abs(a - e) / scale)
    off = jax.numpy.where(jax.numpy.isnan(off), jax.numpy.inf, off)
    return jax.numpy.maximum(jax.numpy.sqrt(jax.numpy.mean(off**2)), jax.numpy.max(off) / ELEMENT)
