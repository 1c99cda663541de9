"""Check a gradient program against differences of the student's own forward program.

A gradient leaves the sandbox as a program of its own.  Along a random direction d of one argument, with
cotangents c, its slope <gradient, d> must be that of <c, f>, which two runs of the forward program give.

References:
  Press, Teukolsky, Vetterling, Flannery, Numerical Recipes, 3rd edition, 2007, section 5.7 (Numerical Derivatives).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Inputs of which one argument is moved forth and back by ``STEP`` times ``direction``.

    ``sides`` holds two full lists of flat inputs; ``direction`` one float32 array for each moving leaf of the
    argument, by its place among the moving leaves, with the leaf's shape and an rms of about that of its values.
    """

    argument: int
    sides: tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]
    direction: Mapping[int, np.ndarray]


def moving_arguments(probe: Probe) -> list[int]:
    """List the positions of the arguments that are moved, one shift for each."""
    owners = _owners(probe)
    return sorted({owners[i] for i in probe.call.moving()})


def _owners(probe: Probe) -> list[int]:
    """Return, for each flat input, the position of its argument."""
    return [n for n, spec in enumerate(probe.call.args) for _ in tree.leaf_specs(spec)]


def shifts(plan: Plan, probe: Probe) -> list[Shift]:
    """Move each differentiated argument of a probe by itself, along a direction that the keys of the probe draw.

    One direction for all arguments together would say nothing of a small gradient beside a large one.
    """
    rng = plan.keys_of(probe).generator(probe.key, "direction")
    moving = probe.call.moving()
    rms = scales([probe.inputs[i].astype(np.float64) for i in moving])
    drawn = [
        (rng.normal(size=probe.inputs[i].shape).astype(np.float32) * np.float32(min(s, 1e3))).astype(np.float32)
        for i, s in zip(moving, rms, strict=True)
    ]
    owners = _owners(probe)
    shifted = []
    for argument in moving_arguments(probe):
        direction = {n: d for n, (i, d) in enumerate(zip(moving, drawn, strict=True)) if owners[i] == argument}
        sides = []
        for sign in (1, -1):
            moved = list(probe.inputs)
            for n, d in direction.items():
                moved[moving[n]] = (moved[moving[n]] + np.float32(sign * STEP) * d).astype(np.float32)
            sides.append(tuple(moved))
        shifted.append(Shift(argument, (sides[0], sides[1]), direction))
    return shifted


def gradient_ratios(
    plan: Plan, expected: Expected, probe: Probe, gradient: Leaves, sides: Sequence[tuple[Leaves, Leaves]]
) -> dict[int, float]:
    """Return, by argument, the slope by differences divided by the slope by the gradient; near 1 for a true gradient.

    Args:
      gradient: what the gradient program answered: one float array for each moving leaf, of its shape.
      sides: what the forward program answered on the two sides of each of :func:`shifts`: all its output leaves.

    Returns:
      Ratios without unit.  An argument is left out where its ratio says nothing: a flat slope, differences that are
      not finite, or a true gradient that is zero on purpose (``stop_gradient``), which differences would contradict.
    """
    cotangents = inputs_of(plan, probe, expected.outputs)[len(probe.inputs) :]
    specs = tree.leaf_specs(expected.outputs[probe.forward.key])
    floats = [i for i, spec in enumerate(specs) if tree.dtype_of(spec).startswith("float")]
    truths = expected.truth[probe.key]
    ratios = {}
    for shift, (forth, back) in zip(shifts(plan, probe), sides, strict=True):
        if not any(np.any(truths[n].value) for n in shift.direction):
            continue
        with np.errstate(invalid="ignore", over="ignore"):  # outputs that overflow are not finite, see below
            rise = sum(
                float(np.sum(c * (forth[i].astype(np.float64) - back[i])))
                for c, i in zip(cotangents, floats, strict=True)
            ) / (2 * STEP)
        slope = sum(float(np.sum(gradient[n].astype(np.float64) * d)) for n, d in shift.direction.items())
        if abs(slope) > _FLAT and np.isfinite(rise):
            ratios[shift.argument] = rise / slope
    return ratios
