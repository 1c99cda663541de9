"""The oracle's process: float64 truth, tolerances, and the answers of known mistakes.

    python -m autograder.judge.oracle.process answers ASSIGNMENT REFERENCE OUT
    python -m autograder.judge.oracle.process programs ASSIGNMENT REFERENCE OUT

The second command writes programs of mistakes.  Keys and number of the draw set, and which mistakes, are read from
standard input.

No student program ever enters this process.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from autograder import tree
from autograder.assignment.load import AssignmentError, load_folder, load_package, mistakes
from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.seed import Keys
from autograder.checks import PERFORMANCE
from autograder.judge.oracle.calls import given_module, request_of
from autograder.judge.oracle.expected import answerable, library_versions, write
from autograder.judge.oracle.reference import (
    by_function,
    forms,
    learned,
    mistaken,
    modules,
    overlay,
    run_modules,
    signatures,
    truths,
)
from autograder.sandbox.inside.lowering import export_call
from autograder.sandbox.inside.tracing import TracingError


def main(arguments: list[str]) -> int:
    what, folder, reference, out = arguments
    order = json.loads(sys.stdin.buffer.read())
    keys = Keys(bytes.fromhex(order["shapes"]), bytes.fromhex(order["values"]), order["public"])
    try:
        assignment = load_folder(Path(folder), Path(reference))
        plan = make_plan(assignment, keys, order["draw_set"])
        assert_float64()
        if what == "answers":
            answers(plan, Path(out))
        else:
            programs(plan, Path(out), order["chosen"])
    except AssignmentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def answers(plan: Plan, out: Path) -> None:
    """Compute and store what judging needs to know of the reference: of the public plan everything, else the truth."""
    assignment = plan.assignment
    assert assignment.reference is not None
    reference = load_package(assignment.reference, "_reference", "reference")
    given = given_module(assignment)
    asked = list(answerable(plan))
    calls = {c.key: c for p in asked for c in (p.call, p.forward)}
    if plan.keys.public:
        calls |= plan.calls
    outputs, broken = signatures(calls.values(), reference, given)
    arrays: dict[str, np.ndarray] = {}
    problems: dict[str, str] = {}
    training, known = {}, []
    if plan.keys.public:
        training = _measured(plan, reference, given, outputs, broken, arrays, problems)
    for probes in by_function(asked).values():
        ready = [p for p in probes if p.call.key not in broken]
        problems |= {p.key: broken[p.call.key] for p in probes if p.call.key in broken}
        try:
            arrays |= truths(plan, ready, outputs, reference, given)
        except Exception as error:
            problems |= {p.key: _said(error) for p in ready}
    if plan.keys.public:
        known = _mistakes(plan, reference, given, outputs, arrays)
    meta = {
        "assignment": assignment.sha256,
        "outputs": outputs,
        "problems": problems,
        "mistakes": known,
        "training": training,
        "libraries": library_versions(),
    }
    write(out, arrays, meta)


def _measured(
    plan: Plan,
    reference: Any,
    given: Any,
    outputs: dict[str, tree.Spec],
    broken: Mapping[str, str],
    arrays: dict[str, np.ndarray],
    problems: dict[str, str],
) -> dict[str, Any]:
    """Add the reference's own programs to ``arrays``; return how it learns."""
    for check in plan.assignment.checks.values():
        if check.kind in PERFORMANCE:
            problems |= {p.key: broken[p.call.key] for p in plan.probes[check.name] if p.call.key in broken}
            arrays |= modules(plan.probes[check.name], reference, given, problems)
    training: dict[str, Any] = {}
    for name in plan.runs:
        try:
            training[name], arrays[f"l/{name}"] = learned(plan, name, outputs, reference, given)
            arrays |= run_modules(plan, name, outputs, reference, given)
        except Exception as error:
            problems[name] = _said(error)
    return training


def _mistakes(
    plan: Plan, reference: types.ModuleType, given: Any, outputs: dict[str, tree.Spec], arrays: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Add what the known mistakes answer to ``arrays``; return what is known of them.

    A mistake with a free constant is listed twice, first with its usual constant as a number in the program: compilers
    compute with numbers that they know, so 1 - p + 1e-8 may lose what an unknown constant would keep.
    """
    known: list[dict[str, Any]] = []
    listed = [
        variant
        for mistake in mistakes(plan.assignment).values()
        for variant in ([replace(mistake, constants=()), mistake] if mistake.constants else [mistake])
    ]
    for number, mistake in enumerate(listed):
        answered = mistaken(plan, mistake, outputs, reference, given)
        for key, leaves in answered.items():
            arrays |= {f"m/{number}/{key}/{i}": leaf for i, leaf in enumerate(leaves)}
        known.append(
            {
                "number": number,
                "name": mistake.name,
                "function": mistake.function,
                "topic": mistake.topic,
                "hint": mistake.hint,
                "fails": sorted(mistake.fails),
                "outputs": {key: len(leaves) for key, leaves in answered.items()},
                "constants": mistake.constants,
                "forms": forms(plan, mistake, outputs, reference, given),
            }
        )
    return known


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"


def programs(plan: Plan, out: Path, chosen: Collection[str]) -> None:
    """Trace every call that a known mistake changes, on top of the solution, as the sandbox would.

    Compositions are traced for the mistakes that say that they fail them.

    Args:
      chosen: names of mistakes; ``NAME=VALUE`` stands for one value of a free constant.
    """
    assignment = plan.assignment
    assert assignment.reference is not None
    given = given_module(assignment)
    solution = load_package(assignment.reference, "_reference", "solution")
    arrays: dict[str, np.ndarray] = {}
    meta: dict[str, Any] = {}
    known = mistakes(assignment)
    for variant in chosen:
        name, _, constant = variant.partition("=")
        mistake = known[name].at(float(constant)) if constant else known[name]
        student = overlay(solution, mistake)
        meta[variant] = {}
        changed = {
            mistake.function,
            *(check.function for name, check in assignment.checks.items() if name in mistake.fails),
        }
        for call in plan.calls.values():
            if call.function not in changed:
                continue
            if call.precision != "highest":  # performance is measured of right work only
                continue
            try:
                spec, forward, module = export_call(request_of(call), student, given, frozenset())
            except TracingError as error:
                meta[variant][call.key] = {"failure": error.message, "kind": error.kind}
                continue
            meta[variant][call.key] = {"output": spec, "forward": forward}
            arrays[f"{variant}/{call.key}"] = np.frombuffer(module, np.uint8)
    write(out, arrays, meta)


def assert_float64() -> None:
    """Check that JAX computes in float64, against plain NumPy, once per start.

    Raises:
      AssignmentError: it does not.
    """
    x = np.linspace(-1.0, 1.0, 64).reshape(8, 8)
    with jax.enable_x64(True):
        y = np.asarray(jax.jit(lambda a: jax.numpy.tanh(a @ a))(x))
    if y.dtype != np.float64 or np.abs(y - np.tanh(x @ x)).max() > 1e-12:
        raise AssignmentError("the oracle does not compute in float64 on this machine")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
