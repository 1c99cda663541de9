"""From traced programs to evidence: run them, compare with the truth, explain what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder import tree
from autograder.answers import Answers, float_leaves, inputs_of
from autograder.checks import Check
from autograder.evaluate import Evaluator, Memory, Task
from autograder.evidence import MEASURED, Observed, Programs, numeric_probes, shifted
from autograder.plan import Call, Plan
from autograder.results import NOT_JUDGED, PASSED, SKIPPED, CheckEvidence
from autograder.tracing import Program

LEFT_OUT = "left out: only numbers were asked for"

Measure = Callable[[Check], CheckEvidence]


def judge(
    programs: Programs,
    plan: Plan,
    answers: Answers,
    evaluator: Evaluator,
    memory: Memory,
    sources: Mapping[str, str],
    measure: Measure | None = None,
) -> tuple[CheckEvidence, ...]:
    """Judge all checks of a plan on the programs that a submission handed out.

    Args:
      measure: judges training, throughput and cost; None leaves these checks out.
    """
    tasks = list(_tasks(programs, plan, answers))
    ran = evaluator.evaluate(tasks, memory)
    session = Observed(programs, plan, answers, ran, sources)
    checks = plan.assignment.checks.values()
    evidence = {c.name: session.check(c) for c in checks if c.kind not in MEASURED}
    session.recognise(evidence)
    final: dict[str, CheckEvidence] = {}
    for check in checks:  # a check may rest on any other, so performance comes when the numbers are known
        if check.kind not in MEASURED:
            final[check.name] = _unless_lacking(check, evidence, plan) or evidence[check.name]
    for check in checks:
        if check.kind in MEASURED:
            lacking = _unless_lacking(check, final, plan) if measure else None
            # Left out is left out, whatever it rests on: the same points are asked of everyone.
            final[check.name] = lacking or (measure(check) if measure else left_out(check))
    return tuple(final[c.name] for c in checks)


def left_out(check: Check) -> CheckEvidence:
    """A performance check that nobody asked for."""
    return CheckEvidence(check.name, check.title, check.function, check.kind, SKIPPED, message=LEFT_OUT)


def _unless_lacking(check: Check, known: Mapping[str, CheckEvidence], plan: Plan) -> CheckEvidence | None:
    """Set a check aside that rests on one that did not pass; the message says on which."""
    lacking = [n for n in check.needs if n in known and known[n].outcome != PASSED]
    own = known.get(check.name)
    if not lacking or (own is not None and own.outcome in (PASSED, NOT_JUDGED)):
        return None
    titles = "; ".join(f"{n} (“{plan.assignment.checks[n].title}”)" for n in lacking)
    message = f"rests on {titles}, which did not pass yet"
    return CheckEvidence(check.name, check.title, check.function, check.kind, SKIPPED, message=message)


def _tasks(programs: Programs, plan: Plan, answers: Answers) -> Iterator[Task]:
    """One task per program: every probe's inputs, and the shifted inputs for finite differences."""
    rounds: dict[tuple[str, int], list[tuple[np.ndarray, ...]]] = {}
    for probe in numeric_probes(plan, answers):
        rounds.setdefault((probe.call.key, probe.steps), []).append(tuple(inputs_of(plan, probe, answers.outputs)))
    for probe in numeric_probes(plan, answers):
        if probe.call.vjp:
            rounds.setdefault((probe.forward.key, 0), []).extend(shifted(plan, probe)[:2])
    for (key, steps), inputs in rounds.items():
        call, program = plan.calls[key], programs.get(key)
        expected = answers.outputs[key]
        if not isinstance(program, Program) or not tree.matches(expected, program.output):
            continue
        feed = {"rounds": tuple(inputs), "steps": steps}
        if steps:
            feed["carried"] = len(tree.leaf_specs(call.args[0]))
        yield make_task(f"{key}/{steps}", call, program, plan, answers, **feed)


def make_task(key: str, call: Call, program: Program, plan: Plan, answers: Answers, **feed: Any) -> Task:
    """A program with the rules that its assignment sets for the function."""
    function = plan.assignment.functions.get(call.function)
    cotangents = float_leaves(answers.outputs[call.key + ":forward"]) if call.vjp else []
    return Task(
        key=key,
        function=call.function,
        module=program.module,
        inputs=(*call.leaves(), *cotangents),
        outputs=tuple(tree.leaf_specs(answers.outputs[call.key])),
        by_hand=bool(function and function.by_hand and not call.vjp),
        forbidden=function.forbid_operations if function else (),
        **feed,
    )
