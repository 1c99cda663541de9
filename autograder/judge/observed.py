"""What the programs of one submission answered, by probe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograder import tree
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Probe
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.requests import Outputs, Refusal
from autograder.judge.finite_differences import moving_arguments
from autograder.judge.oracle.expected import Expected
from autograder.judge.tasks import Programs, feeds, numeric_tasks, task_key

Leaves = Sequence[np.ndarray]


@dataclass(frozen=True)
class Observed:
    """One submission as the judge sees it: its programs, what they answered, and what was expected.

    Attributes:
      programs: what the sandbox traced, by call.
      probes: check -> the probes that were asked, in the order of the plan.
      ran: what the evaluator said of each task.
      outputs: the answer to each probe: its flat output leaves (with a leading axis of steps for a
        trajectory), in the dtypes of the expected output.  Probes without an answer are absent.
      shifted: for probes of gradients, the forward program's output leaves on both sides of each shift.
      sources: the student's files by name, to quote lines from.
    """

    programs: Programs
    plan: Plan
    expected: Expected
    probes: Mapping[str, tuple[Probe, ...]]
    ran: Mapping[str, Outputs | Refusal]
    outputs: Mapping[str, Leaves]
    shifted: Mapping[str, Sequence[tuple[Leaves, Leaves]]]
    sources: Mapping[str, str]

    def result(self, probe: Probe) -> Outputs | Refusal | None:
        """Return what the evaluator said of the program that answers a probe."""
        return self.ran.get(task_key(probe.call, probe.steps))

    def paths(self, probe: Probe) -> list[str]:
        """Name the output leaves of a probe, as messages do."""
        spec = self.expected.outputs[probe.call.key]
        names = tree.paths(spec)
        if probe.steps:  # the result is the new state, or begins with it
            known = probe.forward.function in self.plan.assignment.functions
            state = self.argument(probe, 0) if known else "state"
            begins = "" if tree.matches(spec, probe.call.args[0]) else "[0]"
            return [state + n.removeprefix(begins) if n.startswith(begins) else f"result{n}" for n in names]
        if not probe.call.vjp:
            return names
        leaves = [self.argument(probe, i) + path for i, spec in enumerate(probe.call.args) for path in tree.paths(spec)]
        return [f"gradient for {leaves[i]}" for i in probe.call.moving()]

    def argument(self, probe: Probe, position: int) -> str:
        """Name an argument as the function's signature does."""
        function = self.plan.assignment.functions.get(probe.forward.function)
        names = function.arguments if function else ()
        return names[position] if position < len(names) else f"argument {position + 1}"


def ask(
    programs: Programs,
    probes: Sequence[Probe],
    plan: Plan,
    expected: Expected,
    evaluator: Evaluator,
    cache: ResultCache,
    sources: Mapping[str, str],
) -> Observed:
    """Run the programs that answer some probes, and sort the rounds of every task by the probe that asked for them."""
    answerable = [p for p in probes if p.key not in expected.problems]
    ran = evaluator.evaluate(numeric_tasks(programs, answerable, plan, expected), cache)
    outputs: dict[str, Leaves] = {}
    shifted: dict[str, Sequence[tuple[Leaves, Leaves]]] = {}
    read: Counter[str] = Counter()  # rounds of each task
    for key, probe, moved in feeds(answerable):
        result, at = ran.get(key), read[key]
        read[key] += 2 * len(moving_arguments(probe)) if moved else 1
        if not isinstance(result, Outputs):
            continue
        if moved:
            rounds = result.rounds[at : read[key]]
            shifted[probe.key] = list(zip(rounds[::2], rounds[1::2], strict=True))
        else:
            outputs[probe.key] = result.rounds[at]
    asked: dict[str, list[Probe]] = {}
    for probe in probes:
        asked.setdefault(probe.check, []).append(probe)
    by_check = {name: tuple(asked.get(name, ())) for name in plan.probes}
    return Observed(programs, plan, expected, by_check, ran, outputs, shifted, sources)


def joined(first: Observed, more: Observed) -> Observed:
    """Join what was observed of one submission on two sets of probes."""
    probes = {
        name: tuple(sorted((*first.probes[name], *more.probes[name]), key=lambda probe: probe.draw))
        for name in first.probes
    }
    return replace(
        more,
        probes=probes,
        programs={**first.programs, **more.programs},
        ran={**first.ran, **more.ran},
        outputs={**first.outputs, **more.outputs},
        shifted={**first.shifted, **more.shifted},
    )
