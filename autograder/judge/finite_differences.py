"""Check a gradient program against differences of the student's own forward program.

A gradient leaves the sandbox as a program of its own.  Along one random direction d, with cotangents c, its
slope <gradient, d> must be that of <c, f>, which two runs of the forward program give.

References:
  Press, Teukolsky, Vetterling, Flannery, Numerical Recipes, 3rd edition, 2007, section 5.7 (Numerical Derivatives).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder import tree
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Probe
from autograder.judge.compare import scales
from autograder.judge.oracle.expected import Expected, inputs_of

STEP = 1e-2  # of the rms of the inputs; float32 central differences are best near here
BOUND = 5e-2  # largest distance of the ratio from 1 for a gradient of the student's own function
_FLAT = 1e-6  # slopes below this are rounding errors

Leaves = Sequence[np.ndarray]


@dataclass(frozen=True)
class Shift:
    """Inputs moved forth and back by ``STEP`` times ``direction``.

    ``sides`` holds two full lists of flat inputs; ``direction`` one float32 array for each moving leaf, with
    the leaf's shape and an rms of about that of its values.
    """

    sides: tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]
    direction: tuple[np.ndarray, ...]


def shifted_inputs(plan: Plan, probe: Probe) -> Shift:
    """Move the differentiated inputs of a probe along a direction that the keys of the probe draw."""
    rng = plan.keys_of(probe).generator(probe.key, "direction")
    moving = probe.call.moving()
    direction = [rng.normal(size=probe.inputs[i].shape).astype(np.float32) for i in moving]
    rms = scales([probe.inputs[i].astype(np.float64) for i in moving])
    direction = [(d * np.float32(min(s, 1e3))).astype(np.float32) for d, s in zip(direction, rms, strict=True)]
    sides = []
    for sign in (1, -1):
        moved = list(probe.inputs)
        for i, d in zip(moving, direction, strict=True):
            moved[i] = (moved[i] + np.float32(sign * STEP) * d).astype(np.float32)
        sides.append(tuple(moved))
    return Shift((sides[0], sides[1]), tuple(direction))


def gradient_ratio(
    plan: Plan, expected: Expected, probe: Probe, gradient: Leaves, sides: tuple[Leaves, Leaves]
) -> float | None:
    """Return the slope by differences divided by the slope by the gradient; near 1 for a true gradient.

    Args:
      gradient: what the gradient program answered: one float array for each moving leaf, of its shape.
      sides: what the forward program answered on the two sides of :func:`shifted_inputs`: all its output leaves.

    Returns:
      The ratio, or None where it says nothing: a flat slope, differences that are not finite, or a true
      gradient that is zero on purpose (``stop_gradient``), which differences would contradict.
    """
    cotangents = inputs_of(plan, probe, expected.outputs)[len(probe.inputs) :]
    specs = tree.leaf_specs(expected.outputs[probe.forward.key])
    forth, back = (
        [leaf for leaf, spec in zip(side, specs, strict=True) if tree.dtype_of(spec).startswith("float")]
        for side in sides
    )
    with np.errstate(invalid="ignore", over="ignore"):  # outputs that overflow are not finite, see below
        rise = sum(
            float(np.sum(c * (u.astype(np.float64) - d))) for c, u, d in zip(cotangents, forth, back, strict=True)
        ) / (2 * STEP)
    if not any(np.any(truth.value) for truth in expected.truth[probe.key]):
        return None
    direction = shifted_inputs(plan, probe).direction
    slope = sum(float(np.sum(g.astype(np.float64) * d)) for g, d in zip(gradient, direction, strict=True))
    return rise / slope if abs(slope) > _FLAT and np.isfinite(rise) else None
