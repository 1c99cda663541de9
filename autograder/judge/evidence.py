"""Turn what a submission's programs answered into the evidence of each check."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from autograder import tree
from autograder.assignment.probes import Probe
from autograder.checks import Check
from autograder.judge.device.requests import Outputs
from autograder.judge.error_map import error_map
from autograder.judge.kinds import COMPARED, KINDS
from autograder.judge.observed import Observed
from autograder.judge.unanswered import unanswered
from autograder.results import FAILED, NOT_JUDGED, PASSED, SKIPPED, CaseEvidence, CheckEvidence


def check_evidence(observed: Observed, check: Check) -> CheckEvidence:
    """Judge all cases of a check; the first case that did not pass gives the message.

    Which program was judged is told of the printed case alone that every submission runs: there copies have equal
    programs, whatever their draw sets are.
    """
    probes = observed.probes[check.name]
    cases = tuple(case_evidence(observed, check, probe) for probe in probes)
    outcomes = {c.outcome for c in cases}
    results = [observed.result(probe) for probe in probes]
    printed = [result for p, result in zip(probes, results, strict=True) if p.key in observed.plan.printed]
    programs = {result.normal[:16] if isinstance(result, Outputs) else None for result in printed}
    operations = [result.operations for result in results if isinstance(result, Outputs)]
    return CheckEvidence(
        name=check.name,
        title=check.title,
        function=check.function,
        kind=check.kind,
        outcome=next((outcome for outcome in (NOT_JUDGED, FAILED, SKIPPED) if outcome in outcomes), PASSED),
        cases=_with_map(observed, check, cases),
        message=next((c.message for c in cases if c.outcome != PASSED), ""),
        program=" ".join(sorted(filter(None, programs))) if None not in programs else "",
        operations=_counts(max(operations, key=lambda counts: sum(counts.values()), default={})),
    )


def case_evidence(observed: Observed, check: Check, probe: Probe) -> CaseEvidence:
    """Judge one case: with the function for its kind, or by the reason why it has no numbers."""
    explanation = None
    if probe.key in observed.expected.problems:
        message = f"our reference failed here: {observed.expected.problems[probe.key]}"
        case = CaseEvidence(probe.label, NOT_JUDGED, message=message)
    elif (explanation := unanswered(observed, probe)) is not None:
        case = explanation.case(probe.label)
    else:
        case = KINDS[check.kind](observed, check, probe)
    return dataclasses.replace(case, draw=probe.draw, inputs=describe_inputs(probe), public=probe.public)


def describe_inputs(probe: Probe) -> str:
    """Describe the kinds and sizes of the arguments, never their numbers."""
    parts = [tree.show(list(spec), 120) for spec in probe.call.args]
    parts += [f"{name}={value!r}" for name, value in probe.case.static.items()]
    return ", ".join(parts)


def _with_map(observed: Observed, check: Check, cases: tuple[CaseEvidence, ...]) -> tuple[CaseEvidence, ...]:
    """Show where the worst failing case differs.  One map for each check: every result is stored."""
    failed = [i for i, c in enumerate(cases) if c.outcome == FAILED and c.place is not None and c.error is not None]
    if check.kind not in COMPARED or not failed:
        return cases
    worst = max(failed, key=lambda i: np.nan_to_num(cases[i].error or 0.0, nan=np.inf))
    probe = observed.probes[check.name][worst]
    actual, truths = observed.outputs[probe.key], observed.expected.truth[probe.key]
    picture = error_map(actual, truths, observed.paths(probe), cases[worst].place)
    return (*cases[:worst], dataclasses.replace(cases[worst], error_map=picture), *cases[worst + 1 :])


def _counts(operations: Mapping[str, int]) -> dict[str, int]:
    """Count the operations of a program without the frame that every program has."""
    return {n.removeprefix("stablehlo."): k for n, k in operations.items() if not n.startswith(("builtin.", "func."))}
