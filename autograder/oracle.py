"""The reference side, a process of its own: float64 truth, tolerances, and what known mistakes answer.

    python -m autograder.oracle answers ASSIGNMENT REFERENCE OUT public|secret     (the secret on stdin)
    python -m autograder.oracle programs ASSIGNMENT REFERENCE OUT public|secret    (programs of the mistakes)

No student program ever enters this process.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import jax
import numpy as np

from autograder.answers import write
from autograder.assignment import AssignmentError, load_folder, load_package, mistakes
from autograder.checks import Mistake
from autograder.plan import PERFORMANCE, PUBLIC, Plan, Seed, make_plan
from autograder.reference import (
    by_function,
    given_module,
    learned,
    mistaken,
    modules,
    request_of,
    signatures,
    truths,
)
from autograder.tracer import trace_call


def main(arguments: list[str]) -> int:
    what, folder, reference, out, kind = arguments
    secret = sys.stdin.buffer.read()
    try:
        assignment = load_folder(Path(folder), Path(reference))
        plan = make_plan(assignment, PUBLIC if kind == "public" else Seed(secret))
        assert_float64()
        (answers if what == "answers" else programs)(plan, Path(out))
    except AssignmentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def answers(plan: Plan, out: Path) -> None:
    """Compute and store everything that judging needs to know of the reference."""
    assignment = plan.assignment
    assert assignment.reference is not None
    reference = load_package(assignment.reference, "_reference", "reference")
    given = given_module(assignment)
    outputs, broken = signatures(plan.calls.values(), reference, given)
    arrays: dict[str, np.ndarray] = {}
    problems: dict[str, str] = {}
    for check in plan.assignment.checks.values():
        if check.kind in PERFORMANCE:
            problems |= {p.key: broken[p.call.key] for p in plan.probes[check.name] if p.call.key in broken}
            arrays |= modules(plan.probes[check.name], outputs, reference, given, problems)
    training: dict[str, Any] = {}
    for name in plan.runs:
        try:
            training[name], arrays[f"l/{name}"] = learned(plan, name, outputs, reference, given)
        except Exception as error:
            problems[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
    for probes in by_function(plan).values():
        ready = [p for p in probes if p.call.key not in broken]
        problems |= {p.key: broken[p.call.key] for p in probes if p.call.key in broken}
        try:
            arrays |= truths(plan, ready, outputs, reference, given)
        except Exception as error:
            problems |= {p.key: f"{type(error).__name__}: {str(error).splitlines()[0][:300]}" for p in ready}
    known = []
    for mistake in mistakes(assignment).values():
        found = mistaken(plan, mistake, outputs, given)
        for key, leaves in found.items():
            arrays |= {f"m/{mistake.name}/{key}/{i}": leaf for i, leaf in enumerate(leaves)}
        known.append(
            {
                "name": mistake.name,
                "function": mistake.function,
                "topic": mistake.topic,
                "hint": mistake.hint,
                "fails": sorted(mistake.fails),
                "outputs": {key: len(leaves) for key, leaves in found.items()},
            }
        )
    meta = {
        "assignment": assignment.sha256,
        "outputs": outputs,
        "problems": problems,
        "mistakes": known,
        "training": training,
    }
    write(out, arrays, meta)


def programs(plan: Plan, out: Path) -> None:
    """Trace every call that a known mistake changes, on top of the solution, as the sandbox would."""
    assignment = plan.assignment
    assert assignment.reference is not None
    given = given_module(assignment)
    solution = load_package(assignment.reference, "_reference", "solution")
    reference = load_package(assignment.reference, "_reference", "reference")
    outputs, _ = signatures(plan.calls.values(), reference, given)
    arrays: dict[str, np.ndarray] = {}
    meta: dict[str, Any] = {}
    for mistake in mistakes(assignment).values():
        student = overlay(solution, mistake)
        meta[mistake.name] = {}
        for call in plan.calls.values():
            if call.function != mistake.function and not call.function.startswith("given."):
                continue
            if call.precision != "highest":  # performance is measured of right work only
                continue
            try:
                spec, module = trace_call(request_of(call, outputs), student, given, frozenset())
            except Exception as error:
                meta[mistake.name][call.key] = {"failure": f"{type(error).__name__}: {error}"}
                continue
            meta[mistake.name][call.key] = {"output": spec}
            arrays[f"{mistake.name}/{call.key}"] = np.frombuffer(module, np.uint8)
    write(out, arrays, meta)


def overlay(solution: types.ModuleType, mistake: Mistake) -> types.SimpleNamespace:
    """The solution with one function replaced by a known mistake."""
    return types.SimpleNamespace(**(vars(solution) | {mistake.function: mistake.implementation}))


def assert_float64() -> None:
    """The truth must really be float64: compare with plain NumPy once per start."""
    x = np.linspace(-1.0, 1.0, 64).reshape(8, 8)
    with jax.enable_x64(True):
        y = np.asarray(jax.jit(lambda a: jax.numpy.tanh(a @ a))(x))
    if y.dtype != np.float64 or np.abs(y - np.tanh(x @ x)).max() > 1e-12:
        raise AssignmentError("the oracle does not compute in float64 on this machine")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
