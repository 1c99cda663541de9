"""Judge one case of each kind of check: values, gradients, trajectory, property.

Each function takes an answered probe and returns its outcome with the numbers and the sentence behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autograder import tree
from autograder.assignment.probes import Probe
from autograder.checks import Bound, Check
from autograder.judge.compare import Comparison, compare
from autograder.judge.diagnose import describe
from autograder.judge.finite_differences import BOUND, gradient_ratios, moving_arguments
from autograder.judge.observed import Observed
from autograder.results import FAILED, NOT_JUDGED, PASSED, CaseEvidence, FailureKind, Place

COMPARED = ("values", "gradients")  # kinds whose outputs have the shape of the truth, leaf by leaf

_RATIO = "finite differences / gradient"


def values_case(observed: Observed, check: Check, probe: Probe) -> CaseEvidence:
    """Compare every output leaf with the truth; describe how a wrong one differs."""
    truths, actual, paths = observed.expected.truth[probe.key], observed.outputs[probe.key], observed.paths(probe)
    comparison = compare(actual, truths, paths)
    failed = comparison.outcome == FAILED
    return _compared(probe, comparison, describe(actual, truths, probe.inputs, paths) if failed else "")


def gradients_case(observed: Observed, check: Check, probe: Probe) -> CaseEvidence:
    """Compare the gradient with the truth, and with finite differences of the student's own function.

    The second comparison says where a wrong gradient comes from: the forward computation or its derivative.
    """
    truths, actual, paths = observed.expected.truth[probe.key], observed.outputs[probe.key], observed.paths(probe)
    comparison = compare(actual, truths, paths)
    message = describe(actual, truths, probe.inputs, paths) if comparison.outcome == FAILED else ""
    sides = observed.shifted.get(probe.key)
    ratios = {} if sides is None else gradient_ratios(observed.plan, observed.expected, probe, actual, sides)
    if comparison.outcome == FAILED and comparison.not_finite:
        message += (
            "; a NaN that jnp.where or nan_to_num replaces afterwards leaves NaN in the gradient: avoid making it"
        )
    elif comparison.outcome == FAILED:
        message += _whose_gradient(observed, probe, ratios)
    farthest = max(ratios.values(), key=lambda ratio: abs(ratio - 1), default=None)
    return _compared(probe, comparison, message, {} if farthest is None else {_RATIO: farthest})


def _whose_gradient(observed: Observed, probe: Probe, ratios: Mapping[int, float]) -> str:
    """Say whether a wrong gradient is that of the student's own function; nothing where that is not certain."""
    foreign = [argument for argument, ratio in ratios.items() if abs(ratio - 1) >= BOUND]
    if foreign:
        which = f" for {observed.argument(probe, foreign[0])}" if len(probe.call.vjp or ()) > 1 else ""
        return (
            f"; it is not the gradient{which} of what your function computes: look for stop_gradient or a custom rule"
        )
    if ratios.keys() != set(moving_arguments(probe)) or _is_right(observed, probe.forward.function):
        return ""
    return "; it is the gradient of what your function computes, so check the forward computation"


def _is_right(observed: Observed, function: str) -> bool:
    """Whether every value of a function that was judged is right: then no wrong gradient comes from its values."""
    checks = observed.plan.assignment.checks
    judged = [
        p
        for name, probes in observed.probes.items()
        for p in probes
        if checks[name].kind == "values" and p.forward.function == function and p.key in observed.outputs
    ]
    return all(
        compare(observed.outputs[p.key], observed.expected.truth[p.key], observed.paths(p)).outcome == PASSED
        for p in judged
    )


def trajectory_case(observed: Observed, check: Check, probe: Probe) -> CaseEvidence:
    """Compare all steps of a trajectory with the true one; name the first step that leaves it."""
    truths, actual, paths = observed.expected.truth[probe.key], observed.outputs[probe.key], observed.paths(probe)
    comparison = compare(actual, truths, paths)
    return _compared(probe, comparison, _divergence(observed, probe) if comparison.outcome == FAILED else "")


def property_case(observed: Observed, check: Check, probe: Probe) -> CaseEvidence:
    """Ask the check's own predicate for statistics of the output, and whether each is within its bounds."""
    spec = observed.expected.outputs[probe.call.key]
    output = tree.unflatten(spec, iter([np.asarray(leaf) for leaf in observed.outputs[probe.key]]))
    try:
        bounds: list[Bound] = list(check.options["judge"](output, *probe.case.args, **probe.case.static))
    except Exception as error:
        return CaseEvidence(probe.label, NOT_JUDGED, message=f"our predicate failed: {type(error).__name__}: {error}")
    statistics = {b.name: b.value for b in bounds}
    broken = next((b for b in bounds if not b.holds), None)
    if broken is None:
        return CaseEvidence(probe.label, PASSED, statistics=statistics)
    nearest = broken.low if not broken.value >= broken.low else broken.high
    return CaseEvidence(
        probe.label,
        FAILED,
        kind=FailureKind.OUT_OF_BOUNDS,
        message=f"{broken.name} is {broken.value:.4g}, expected {_interval(broken)}",
        place=Place(broken.name, (), nearest, broken.value),
        statistics=statistics,
    )


KINDS: Mapping[str, Callable[[Observed, Check, Probe], CaseEvidence]] = {
    "values": values_case,
    "gradients": gradients_case,
    "trajectory": trajectory_case,
    "property": property_case,
    "training": values_case,  # the functions that it rests on
}


def _compared(
    probe: Probe, comparison: Comparison, message: str, statistics: Mapping[str, float] | None = None
) -> CaseEvidence:
    kind = FailureKind.NOT_FINITE if comparison.not_finite else FailureKind.WRONG
    return CaseEvidence(
        probe.label,
        comparison.outcome,
        kind=kind if comparison.outcome == FAILED else None,
        error=comparison.error,
        tolerance=comparison.tolerance,
        worst=comparison.worst,
        worst_tolerance=comparison.worst_tolerance,
        place=comparison.place,
        message=message,
        statistics=statistics or {},
    )


def _divergence(observed: Observed, probe: Probe) -> str:
    """Name the first step at which a trajectory leaves the true one, and what differs there."""
    truths, actual, paths = observed.expected.truth[probe.key], observed.outputs[probe.key], observed.paths(probe)
    for step in range(probe.steps):
        true_step = [type(t)(t.value[step], t.tolerance, t.scale) for t in truths]
        actual_step: Sequence[np.ndarray] = [leaf[step] for leaf in actual]
        if compare(actual_step, true_step, paths).outcome == FAILED:
            fact = describe(actual_step, true_step, (), paths, one_call=False)
            return f"the trajectory leaves the reference's path at step {step + 1} of {probe.steps}: {fact}"
    return f"the trajectory drifts away from the reference's path within {probe.steps} steps"


def _interval(bound: Bound) -> str:
    if bound.low == bound.high:
        return f"{bound.low:.4g}"
    if bound.high == np.inf:
        return f"at least {bound.low:.4g}"
    if bound.low == -np.inf:
        return f"at most {bound.high:.4g}"
    return f"between {bound.low:.4g} and {bound.high:.4g}"
