"""How fast the references are on this device, beside what the device can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder import tree
from autograder.answers import float_leaves, inputs_of, obtain
from autograder.assignment import Assignment
from autograder.device import DeviceError, Lost
from autograder.evaluate import as_bytes
from autograder.plan import PERFORMANCE, PUBLIC, make_plan
from autograder.stand import COMPILE_SECONDS, Stand


@dataclass(frozen=True)
class Limits:
    """What was measured of the device: copy bandwidth in bytes/s, matmul rate in FLOP/s."""

    bandwidth: float
    matmul: float


@dataclass(frozen=True)
class Speed:
    """One reference program.  ``share`` is the fraction of the roofline that it reaches (NaN: not known)."""

    assignment: str
    case: str
    seconds: float
    flops: float | None
    bytes: float | None
    share: float


def measure_limits(stand: Stand) -> Limits:
    """Measure the device.  Raises :class:`DeviceError`."""
    try:
        answer = stand.worker.ask({"do": "roofline"}, b"", COMPILE_SECONDS)[0]
    except Lost as lost:
        raise DeviceError(f"the device could not be measured ({lost})") from None
    if "error" in answer:
        raise DeviceError(f"the device could not be measured: {answer['message']}")
    return Limits(answer["bandwidth"], answer["matmul"])


def measure_references(
    assignments: Sequence[Assignment], stand: Stand, limits: Limits, say: Callable[[str], object] = lambda text: None
) -> list[Speed]:
    """Time every reference program that speed or cost is measured against.

    References:
      Williams, Waterman, Patterson, Roofline: an insightful visual performance model, CACM 2009.
    """
    found = []
    for assignment in assignments:
        plan = make_plan(assignment, PUBLIC)
        answers = obtain(plan)
        seen = set()
        for name, probes in plan.probes.items():
            if assignment.checks[name].kind not in PERFORMANCE or probes[0].call.key in seen:
                continue
            seen.add(probes[0].call.key)
            probe, module = probes[0], answers.programs[probes[0].call.key]
            case = probe.call.function.removeprefix("given.") + (" gradient" if probe.call.vjp else "")
            case += f" ({probe.label})"
            say(case)
            cotangents = float_leaves(answers.outputs[probe.call.key + ":forward"]) if probe.call.vjp else []
            request = {
                "do": "speed",
                "bytes": len(module),
                "inputs": [*probe.call.leaves(), *cotangents],
                "outputs": tree.leaf_specs(answers.outputs[probe.call.key]),
                "sets": len(probes),
            }
            payload = module + b"".join(as_bytes(inputs_of(plan, p, answers.outputs)) for p in probes)
            try:
                with stand.alone():
                    answer = stand.worker.ask(request, payload, COMPILE_SECONDS)[0]
            except Lost as lost:
                raise DeviceError(f"{assignment.slug}: {case} could not be measured ({lost})") from None
            if "error" in answer:
                raise DeviceError(f"{assignment.slug}: {case}: {answer['message']}")
            share = roofline_share(answer["seconds"], answer["flops"], answer["bytes"], limits)
            found.append(Speed(assignment.slug, case, answer["seconds"], answer["flops"], answer["bytes"], share))
    return found


def roofline_share(seconds: float, flops: float | None, moved: float | None, limits: Limits) -> float:
    """The time that the device would need at its measured best, as a fraction of the time taken."""
    if flops is None or moved is None:
        return float("nan")
    return max(flops / limits.matmul, moved / limits.bandwidth) / seconds
