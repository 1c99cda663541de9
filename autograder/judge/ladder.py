"""Climb the ladder of a function that failed: the first rung that it gets wrong is a counterexample to hold in hand.

Every rung is public, so everything about it may be shown to a student.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from autograder import tree
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Probe
from autograder.checks import MEASURED
from autograder.judge.compare import compare
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.requests import Outputs, Refusal, Task
from autograder.judge.explain import Explanation
from autograder.judge.oracle.expected import Expected
from autograder.judge.tasks import Programs, fits, make_task, task_key
from autograder.judge.unanswered import refused, untraced
from autograder.judge.written import written, written_call
from autograder.results import FAILED, PASSED, CheckEvidence, Counterexample, FailureKind, Fault
from autograder.sandbox.trace import Program

# Failures that a small case can show; others are the same everywhere.
SHOWN = frozenset(
    {
        FailureKind.WRONG,
        FailureKind.NOT_FINITE,
        FailureKind.OUT_OF_BOUNDS,
        FailureKind.STRUCTURE,
        FailureKind.RAISED,
    }
)


def failing(checks: Sequence[CheckEvidence], plan: Plan) -> tuple[str, ...]:
    """Name the functions whose answers are wrong somewhere and that have a ladder, in the order of the assignment."""
    numeric = (c for c in checks if c.outcome == FAILED and c.kind not in MEASURED)
    wrong = {c.function for c in numeric if any(case.kind in SHOWN for case in c.cases)}
    return tuple(function for function in plan.ladders if function in wrong)


def climb(
    functions: Collection[str],
    programs: Programs,
    plan: Plan,
    expected: Expected,
    evaluator: Evaluator,
    cache: ResultCache,
    sources: Mapping[str, str],
) -> tuple[Counterexample, ...]:
    """Find the smallest case that each function gets wrong; a function that climbs to the top has none.

    Args:
      programs: what the sandbox traced of the ladders, by call; rungs that are not among them were not tried.
      sources: the student's files by name, to quote lines from.
    """
    rungs = [
        r for f in functions for r in plan.ladders.get(f, ()) if r.call.key in programs and r.key in expected.truth
    ]
    tasks: dict[str, Task] = {}
    for rung in rungs:
        program = programs.get(rung.call.key)
        if isinstance(program, Program) and fits(program, rung.call, expected):
            key = task_key(rung.call)
            before = tasks[key].rounds if key in tasks else ()
            tasks[key] = make_task(key, rung.call, program, plan.assignment, rounds=(*before, rung.inputs))
    ran = evaluator.evaluate(list(tasks.values()), cache) if tasks else {}
    found = []
    for function in functions:
        own = [r for r in rungs if r.forward.function == function]
        for passed, rung in enumerate(own):
            said = _wrong(rung, own, programs, plan, expected, ran, sources)
            if said is not None:
                truth = tree.unflatten(expected.outputs[rung.call.key], _leaves(expected, rung))
                call = written_call(function, rung.case)
                found.append(
                    Counterexample(
                        function,
                        rung.label,
                        call,
                        written(truth),
                        said.message,
                        passed,
                        said.where,
                        said.code,
                        said.advice,
                    )
                )
                break
    return tuple(found)


def _wrong(
    rung: Probe,
    own: Sequence[Probe],
    programs: Programs,
    plan: Plan,
    expected: Expected,
    ran: Mapping[str, Outputs | Refusal],
    sources: Mapping[str, str],
) -> Explanation | None:
    """Say what a function gives on one rung, if that is wrong; a fault of ours is no counterexample."""
    explanation = untraced(rung.call, programs, plan, expected, sources)
    result = ran.get(task_key(rung.call))
    if explanation is None and not isinstance(result, Outputs):
        explanation = refused(result, rung.call, plan, sources)
    if explanation is not None:
        return explanation if explanation.fault is Fault.STUDENT else None
    assert isinstance(result, Outputs)
    at = [r.key for r in own if r.call.key == rung.call.key].index(rung.key)
    actual = result.rounds[at]
    paths = tree.paths(expected.outputs[rung.call.key])
    if compare(actual, expected.truth[rung.key], paths).outcome == PASSED:
        return None
    spec = expected.outputs[rung.call.key]
    return Explanation(written(tree.unflatten(spec, iter([np.asarray(leaf) for leaf in actual]))))


def _leaves(expected: Expected, rung: Probe) -> Iterator[np.ndarray]:
    return (truth.value for truth in expected.truth[rung.key])
