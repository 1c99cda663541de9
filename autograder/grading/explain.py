"""Explain one function to the student who wrote it: climb its ladder of small public cases."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.assignment.plan import Plan
from autograder.assignment.probes import Probe
from autograder.errors import UserError
from autograder.grading.grade import Session, trace_submission
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.ladder import climb
from autograder.results import SUSPICION, Counterexample, Finding, Problem
from autograder.submission.read import Submission


@dataclass(frozen=True)
class Explained:
    """How a function climbs its ladder.

    Attributes:
      rungs: the labels of the cases, the smallest first.
      counterexample: the first case that the function gets wrong.
      findings: remarks on the source that concern the function.
      problem: why nothing was tried.
    """

    function: str
    rungs: tuple[str, ...]
    counterexample: Counterexample | None = None
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None


def explain_function(submission: Submission, session: Session, evaluator: Evaluator, function: str) -> Explained:
    """Try a function on its small public cases, one after the other, until one fails.

    Raises:
      UserError: the assignment has no such function, or no small cases of it.
    """
    drawn = session.draws.get(0)
    rungs = tuple(rung.label for rung in _ladder(drawn.plan, function))
    asked = replace(session.draws.ladder(function), platforms=evaluator.platforms)
    traced = trace_submission(submission, asked, session.sandbox)
    concerned = [f for f in traced.findings if f.function in ("", function)]
    findings = tuple(f for f in concerned if f.severity not in ("note", SUSPICION))
    suspected = tuple(f for f in concerned if f.severity == SUSPICION and not f.name)
    if traced.problem is not None:
        return Explained(function, rungs, None, findings, traced.problem)
    found = climb([function], traced.programs, drawn.plan, drawn.expected, evaluator, session.cache, submission.sources)
    return Explained(function, rungs, found[0] if found else None, findings + (suspected if found else ()))


def _ladder(plan: Plan, function: str) -> tuple[Probe, ...]:
    known = ", ".join(plan.ladders)
    if function not in plan.assignment.functions:
        raise UserError(f"{plan.assignment.slug} has no function {function!r} (known: {known})")
    if function not in plan.ladders:
        raise UserError(f"{function} has no small cases with one right answer; these functions have: {known}")
    return plan.ladders[function]
