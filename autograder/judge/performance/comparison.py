"""Throughput and cost: run a program beside the reference's on the testbed, and judge the ratio."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

from autograder.assignment.probes import Call, Probe, draw_probes
from autograder.checks import Check
from autograder.judge.device.arrays import as_bytes
from autograder.judge.device.requests import DIFFERENT, Refusal, Task, modules, programs_header
from autograder.judge.evidence import describe_inputs
from autograder.judge.explain import Explanation
from autograder.judge.oracle.expected import inputs_of
from autograder.judge.performance.measurement import Measurement, measured_evidence, reference_failed, remembered
from autograder.judge.performance.ratios import agreed, cost_case, io_bytes, speed_case
from autograder.judge.performance.testbed import COMPILE_SECONDS, TIMING_SECONDS
from autograder.results import FAILED, NOT_JUDGED, PASSED, CaseEvidence, CheckEvidence

FRESH_DRAWS = 4  # beyond the draws that are measured
FIRST_FRESH_DRAW = 2000


def compare_programs(measurement: Measurement, check: Check) -> CheckEvidence:
    """Judge throughput or cost: each case on all its draws, alone on the device."""
    by_label: dict[str, list[Probe]] = {}
    for probe in measurement.plan.probes[check.name]:
        by_label.setdefault(probe.label, []).append(probe)
    with measurement.testbed.alone():
        return measured_evidence(check, [_case(measurement, check, probes) for probes in by_label.values()])


def _case(measurement: Measurement, check: Check, probes: Sequence[Probe]) -> CaseEvidence:
    """Compare one program with the reference's on all draws of one case; equal programs are measured once."""
    probe = probes[0]
    base: dict[str, Any] = {"label": probe.label, "inputs": describe_inputs(probe)}
    if probe.key in measurement.expected.problems:
        message = reference_failed(measurement.expected.problems[probe.key])
        return CaseEvidence(outcome=NOT_JUDGED, message=message, **base)
    task = measurement.task(probe.call)
    if isinstance(task, Explanation):
        return task.case(**base)
    testbed = measurement.testbed
    measured = measurement.on(testbed.counter if check.kind == "cost" else testbed.worker)
    inspection = measured.inspect([task])[task.key]
    if isinstance(inspection, Refusal):
        return measurement.refused(inspection, probe.call).case(**base)
    reference = dataclasses.replace(task, module=measurement.expected.programs[probe.call.key])
    sets = [
        inputs_of(measurement.plan, p, measurement.expected.outputs) for p in (*probes, *_fresh(measurement, probe))
    ]
    payload = modules([task, reference]) + b"".join(as_bytes(inputs) for inputs in sets)
    beside = hashlib.sha256(payload[len(task.module) :]).hexdigest()  # the reference and the inputs
    name = inspection.normal, f"{check.name}/{probe.label}/{beside}"
    case = measurement.cache.look([name])[0].get(name)
    if case is None:
        header = {"programs": programs_header([task, reference]), "sets": len(sets), "measured": len(probes)}
        case = _compare(measurement, check, probe.call, task, (header, payload), base)
        if remembered(case):
            measurement.cache.keep({name: case})
    assert isinstance(case, CaseEvidence)
    return case


def _fresh(measurement: Measurement, probe: Probe) -> list[Probe]:
    """Draw a case anew: on these inputs the outputs are compared, and nothing is measured."""
    plan = measurement.plan
    check = plan.assignment.checks[probe.check]
    draws = range(FIRST_FRESH_DRAW, FIRST_FRESH_DRAW + FRESH_DRAWS)
    drawn = [p for draw in draws for p in draw_probes(plan.assignment, plan.keys, check, draw)]
    return [p for p in drawn if p.label == probe.label and p.call == probe.call]


def _compare(
    measurement: Measurement,
    check: Check,
    call: Call,
    task: Task,
    request: tuple[dict[str, Any], bytes],
    base: dict[str, Any],
) -> CaseEvidence:
    """Count the cost where it is asked for and visible; else take the time, twice unless it is clearly fast.

    The worker compares the outputs with the reference's first, whatever is measured.
    """
    testbed, bands = measurement.testbed, check.options["bands"]
    header, payload = request
    if check.kind == "cost":
        counter = measurement.on(testbed.counter)
        answer = counter.ask(({"do": "cost", **header}, payload), COMPILE_SECONDS)
        if isinstance(answer, Refusal) or "error" in answer[0]:
            return _unmeasured(measurement, answer, call, base)
        counted = cost_case(answer[0], check.options["of"], bands, io_bytes(task), base)
        if counted is not None:
            return counted
        measurement.on_progress("a loop hides the cost: timing the program instead")
    timing = {"do": "time", **header, "bands": bands, "seconds": TIMING_SECONDS}, payload
    slow: CaseEvidence | None = None
    while True:
        answer = time_programs(measurement, timing)
        if isinstance(answer, Refusal) or "error" in answer[0]:
            return _unmeasured(measurement, answer, call, base)
        case = speed_case(answer[0], bands, base)
        if slow is not None:
            return agreed(slow, case, bands)
        if case.outcome == PASSED:
            return case
        slow = case
        measurement.on_progress("not clearly as fast as the reference: timing the program again")


def _unmeasured(
    measurement: Measurement, answer: tuple[dict[str, Any], bytes] | Refusal, call: Call, base: dict[str, Any]
) -> CaseEvidence:
    """Explain why there is no measurement: the worker's error, or the loss of the worker."""
    if isinstance(answer, Refusal):
        return measurement.refused(answer, call).case(**base)
    if answer[0]["error"] == DIFFERENT:
        message = "the function did not return the reference's numbers on the inputs on which it is measured"
        advice = "make the function correct for these sizes first"
        return CaseEvidence(outcome=FAILED, message=message, advice=advice, **base)
    return measurement.failed(answer[0], call).case(**base)


def time_programs(
    measurement: Measurement, request: tuple[dict[str, Any], bytes]
) -> tuple[dict[str, Any], bytes] | Refusal:
    """Time a program beside the reference."""
    return measurement.on(measurement.testbed.worker).ask(request, COMPILE_SECONDS + 2 * TIMING_SECONDS)
