"""Which programs of a submission are run, and on which inputs: the tasks of its evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder import tree
from autograder.assignment.load import Assignment
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Call, Probe
from autograder.judge.device.requests import Task
from autograder.judge.finite_differences import shifts
from autograder.judge.oracle.expected import Expected, float_leaves, inputs_of
from autograder.sandbox.trace import Failure, Program, is_by_hand

Programs = Mapping[str, Program | Failure]


def task_key(call: Call, steps: int = 0) -> str:
    """Name the task that runs a call; a trajectory scans the call over ``steps``, which is another program."""
    return f"{call.key}/{steps}"


def feeds(probes: Sequence[Probe]) -> Iterator[tuple[str, Probe, bool]]:
    """Yield (task, probe, shifted) in the order in which the rounds of each task are run.

    A probe takes one round of its own program.  A gradient's probe also takes two rounds of the forward
    program for each argument, on the inputs that :func:`shifts` moves (``shifted`` is true).
    """
    for probe in probes:
        yield task_key(probe.call, probe.steps), probe, False
    for probe in probes:
        if probe.call.vjp:
            yield task_key(probe.forward), probe, True


def numeric_tasks(programs: Programs, probes: Sequence[Probe], plan: Plan, expected: Expected) -> list[Task]:
    """Make one task per program of the expected signature, with the inputs of every probe that it answers."""
    rounds: dict[str, list[tuple[np.ndarray, ...]]] = {}
    sources: dict[str, tuple[Call, int]] = {}
    for key, probe, shifted in feeds(probes):
        sources.setdefault(key, (probe.forward, 0) if shifted else (probe.call, probe.steps))
        inputs = [tuple(inputs_of(plan, probe, expected.outputs))]
        if shifted:
            inputs = [side for shift in shifts(plan, probe) for side in shift.sides]
        rounds.setdefault(key, []).extend(inputs)
    tasks = []
    for key, (probed, steps) in sources.items():
        call, program = plan.calls[probed.key], programs.get(probed.key)
        if not isinstance(program, Program) or not fits(program, call, expected):
            continue
        feed: dict[str, Any] = {"rounds": tuple(rounds[key]), "steps": steps}
        if steps:
            feed["carried"] = len(tree.leaf_specs(call.args[0]))
        tasks.append(make_task(key, call, program, plan.assignment, **feed))
    return tasks


def fits(program: Program, call: Call, expected: Expected) -> bool:
    """Whether a program says that it returns what the reference returns."""
    forward = expected.outputs[call.key + (":forward" if call.vjp else "")]
    return tree.matches(forward, program.forward) and tree.matches(expected.outputs[call.key], program.output)


def make_task(key: str, call: Call, program: Program, assignment: Assignment, **feed: Any) -> Task:
    """Combine a program with the rules that its assignment sets for the function.

    Args:
      feed: what to run it on: ``rounds``, ``steps`` and ``carried`` of :class:`Task`; nothing to inspect it only.
    """
    function = assignment.functions.get(call.function)
    cotangents = float_leaves(program.forward) if call.vjp else []
    return Task(
        key=key,
        function=call.function,
        module=program.module,
        platforms=program.platforms,
        inputs=(*call.leaves(), *cotangents),
        outputs=tuple(tree.leaf_specs(program.output)),
        by_hand=is_by_hand(call, assignment),
        forbidden=function.forbid_operations if function else (),
        **feed,
    )
