"""One submission beside the testbed on which its training, throughput and cost are measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.assignment.plan import Plan
from autograder.assignment.probes import Call
from autograder.checks import Check
from autograder.judge.device.budget import Budget
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.device.process import CRASH, DeviceWorker
from autograder.judge.device.requests import FAILED as FAILED_PROGRAM
from autograder.judge.device.requests import MEMORY, OURS, REFERENCE, Refusal, Task
from autograder.judge.explain import Explanation
from autograder.judge.oracle.expected import Expected
from autograder.judge.performance.testbed import MEASURED_SECONDS, Measured, Testbed
from autograder.judge.tasks import Programs, make_task
from autograder.judge.unanswered import refused, untraced
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, CaseEvidence, CheckEvidence, Fault, Outcome
from autograder.sandbox.trace import Program


@dataclass(frozen=True)
class Measurement:
    """What measuring one submission needs.

    Attributes:
      programs: what the sandbox traced, by call.
      cache: the evidence of equal programs that were measured before.
      sources: the student's files by name, to quote lines from.
      on_progress: told what is under way.
      budget: what is left of the time for all its measurements.
    """

    programs: Programs
    plan: Plan
    expected: Expected
    testbed: Testbed
    cache: ResultCache
    sources: Mapping[str, str]
    on_progress: Callable[[str], object] = lambda text: None
    budget: Budget = field(default_factory=lambda: Budget(MEASURED_SECONDS))

    def on(self, worker: DeviceWorker) -> Measured:
        """Return what measures this submission on a worker of the testbed."""
        return Measured(worker, self.budget)

    def task(self, call: Call) -> Task | Explanation:
        """Return the program of a call as a task, or the reason why it has none."""
        program = self.programs.get(call.key)
        explanation = untraced(call, self.programs, self.plan, self.expected, self.sources)
        if explanation is not None or not isinstance(program, Program):
            return explanation or Explanation("there is no program")
        return make_task(call.key, call, program, self.plan.assignment)

    def refused(self, refusal: Refusal, call: Call) -> Explanation:
        """Explain why the program of a call was not measured to the end."""
        return refused(refusal, call, self.plan, self.sources)

    def failed(self, answer: Mapping[str, Any], call: Call) -> Explanation:
        """Explain an answer of the worker that is an error; only an error of the program itself is the student's."""
        if answer["error"] == REFERENCE:
            return Explanation(reference_failed(str(answer["message"])), fault=Fault.OURS)
        kind = {MEMORY: MEMORY, FAILED_PROGRAM: CRASH}.get(answer["error"], OURS)
        return self.refused(Refusal(kind, answer["message"]), call)


def remembered(case: CaseEvidence) -> bool:
    """Whether an equal program has the same evidence: not where time ran out, a worker died, or a fault is ours."""
    return bool(case.statistics) and case.outcome in (PASSED, FAILED)


def reference_failed(problem: str) -> str:
    """Say that a case was not judged because of the reference."""
    return f"our reference failed here: {problem}"


def measured_evidence(
    check: Check, cases: Sequence[CaseEvidence], outcome: Outcome | None = None, message: str = ""
) -> CheckEvidence:
    """Collect the cases of a measured check.

    Args:
      outcome: of the check; None for the worst outcome of a case.
      message: of the check; empty for the first message of that outcome.
    """
    outcomes = {c.outcome for c in cases}
    worst = outcome or next(o for o in (NOT_JUDGED, FAILED, INCONCLUSIVE, PASSED) if o in outcomes)
    first = next((c.message for c in cases if c.outcome == worst and c.message), "")
    return CheckEvidence(
        check.name,
        check.title,
        check.function,
        check.kind,
        worst,
        tuple(cases),
        "" if worst == PASSED else message or first,
    )
