"""How fast the references are on this device, beside what the device can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder import tree
from autograder.assignment.load import Assignment
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import PUBLIC
from autograder.checks import PERFORMANCE
from autograder.judge.device.arrays import as_bytes
from autograder.judge.device.budget import Stopwatch
from autograder.judge.device.process import DeviceError, LostWorkerError
from autograder.judge.device.requests import Task, programs_header
from autograder.judge.oracle.expected import float_leaves, inputs_of, obtain
from autograder.judge.performance.testbed import COMPILE_SECONDS, Testbed


@dataclass(frozen=True)
class Limits:
    """What was measured of the device: copy bandwidth in bytes/s, matmul rate in FLOP/s."""

    bandwidth: float
    matmul: float


@dataclass(frozen=True)
class Speed:
    """One reference program.

    Attributes:
      seconds: of one call, the median.
      flops: floating-point operations of one call; None where a loop hides them.
      bytes: read and written by one call; None where a loop hides them.
      share: of the roofline that it reaches, 0 to 1; NaN where the counts are not known.
    """

    assignment: str
    case: str
    seconds: float
    flops: float | None
    bytes: float | None
    share: float


def measure_limits(testbed: Testbed) -> Limits:
    """Measure the copy bandwidth and the matmul rate of the device.

    Raises:
      DeviceError: the device could not be measured.
    """
    try:
        answer = testbed.worker.ask({"do": "roofline"}, b"", Stopwatch(COMPILE_SECONDS))[0]
    except LostWorkerError as lost:
        raise DeviceError(f"the device could not be measured ({lost})") from None
    if "error" in answer:
        raise DeviceError(f"the device could not be measured: {answer['message']}")
    return Limits(answer["bandwidth"], answer["matmul"])


def measure_references(
    assignments: Sequence[Assignment],
    testbed: Testbed,
    limits: Limits,
    on_progress: Callable[[str], object] = lambda text: None,
) -> list[Speed]:
    """Time every reference program that speed or cost is measured against.

    Raises:
      DeviceError: a program could not be timed.
      ReferenceFailedError: a reference cannot be computed.
    """
    speeds = []
    for assignment in assignments:
        plan = make_plan(assignment, PUBLIC.keys(assignment.slug))
        expected = obtain(plan)
        seen = set()
        for name, probes in plan.probes.items():
            if assignment.checks[name].kind not in PERFORMANCE or probes[0].call.key in seen:
                continue
            seen.add(probes[0].call.key)
            probe, module = probes[0], expected.programs[probes[0].call.key]
            case = probe.call.function.removeprefix("given.") + (" gradient" if probe.call.vjp else "")
            case += f" ({probe.label})"
            on_progress(case)
            cotangents = float_leaves(expected.outputs[probe.call.key + ":forward"]) if probe.call.vjp else []
            inputs, outputs = [*probe.call.leaves(), *cotangents], tree.leaf_specs(expected.outputs[probe.call.key])
            task = Task("reference", module, tuple(inputs), tuple(outputs))
            request = {"do": "speed", "programs": programs_header([task]), "sets": len(probes)}
            payload = module + b"".join(as_bytes(inputs_of(plan, p, expected.outputs)) for p in probes)
            try:
                with testbed.alone():
                    answer = testbed.worker.ask(request, payload, Stopwatch(COMPILE_SECONDS))[0]
            except LostWorkerError as lost:
                raise DeviceError(f"{assignment.slug}: {case} could not be measured ({lost})") from None
            if "error" in answer:
                raise DeviceError(f"{assignment.slug}: {case}: {answer['message']}")
            share = roofline_share(answer["seconds"], answer["flops"], answer["bytes"], limits)
            speeds.append(Speed(assignment.slug, case, answer["seconds"], answer["flops"], answer["bytes"], share))
    return speeds


def roofline_share(seconds: float, flops: float | None, moved: float | None, limits: Limits) -> float:
    """Return the time that the device would need at its measured best, as a fraction of the time taken.

    Args:
      seconds: of one call.
      flops: floating-point operations of one call, or None.
      moved: bytes read and written by one call, or None.

    Returns:
      The share of the roofline, 0 to 1; NaN where a count is None.

    References:
      Williams, Waterman, Patterson, Roofline: An Insightful Visual Performance Model for Multicore
      Architectures, Communications of the ACM, 2009.
    """
    if flops is None or moved is None:
        return float("nan")
    return max(flops / limits.matmul, moved / limits.bandwidth) / seconds
