"""Explain why a call has no program, or a probe no numbers."""

from __future__ import annotations

from collections.abc import Mapping

from autograder import tree
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Call, Probe
from autograder.judge.device.requests import OURS, Outputs, Refusal
from autograder.judge.explain import Explanation, explain_failure, explain_refusal, explain_structure
from autograder.judge.observed import Observed
from autograder.judge.oracle.expected import Expected
from autograder.judge.tasks import Programs
from autograder.results import Fault
from autograder.sandbox.trace import Failure


def unanswered(observed: Observed, probe: Probe) -> Explanation | None:
    """Explain why a probe has no numbers; None for a probe that was answered."""
    explanation = untraced(probe.call, observed.programs, observed.plan, observed.expected, observed.sources)
    result = observed.result(probe)
    if explanation is not None or isinstance(result, Outputs):
        return explanation
    return refused(result, probe.call, observed.plan, observed.sources)


def untraced(
    call: Call, programs: Programs, plan: Plan, expected: Expected, sources: Mapping[str, str]
) -> Explanation | None:
    """Explain why a call has no program of the expected signature; None where it has such a program."""
    program = programs.get(call.key)
    output, forward = expected.outputs[call.key], expected.outputs[call.key + (":forward" if call.vjp else "")]
    if program is None or isinstance(program, Failure):
        return explain_failure(program or Failure("gave up", ""), call, forward, plan.assignment, sources)
    if not tree.matches(forward, program.forward):
        return explain_structure(forward, program.forward)
    return None if tree.matches(output, program.output) else explain_structure(output, program.output)


def refused(result: Refusal | None, call: Call, plan: Plan, sources: Mapping[str, str]) -> Explanation:
    """Explain why a program was not run, or did not finish."""
    if result is None or result.kind == OURS:
        detail = f" ({result.message})" if result and result.message else ""
        message = f"the evaluator failed on this program{detail}; this is our fault, not yours"
        return Explanation(message, fault=Fault.OURS)
    return explain_refusal(result, call.function, plan.assignment, sources)
