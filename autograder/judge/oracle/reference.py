"""Run the reference: signatures, float64 truth with its tolerances, programs and training runs."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from autograder import tree
from autograder.assignment.load import AssignmentError
from autograder.assignment.plan import PUBLIC_DRAW, Plan
from autograder.assignment.probes import Call, Probe, draw_run
from autograder.checks import Mistake
from autograder.judge.compare import errors, scales
from autograder.judge.device.execute import Job, run
from autograder.judge.device.trainer import Trainer
from autograder.judge.oracle.calls import flat_function, request_of, student_function
from autograder.judge.oracle.expected import TELLING, Forms, inputs_of, sampled
from autograder.judge.oracle.small import run_small
from autograder.sandbox.inside.lowering import export_call
from autograder.sandbox.inside.tracing import TracingError, build, describe, trace_call

Run = Callable[[Sequence[Job]], list[list[list[np.ndarray]]]]

REFERENCE_SEEDS = 5
FIRST_REFERENCE_DRAW = 1000


def signatures(calls: Iterable[Call], reference: Any, given: Any) -> tuple[dict[str, tree.Spec], dict[str, str]]:
    """Return the structure of what each call returns, in float32, and why the reference has none, by call."""
    outputs: dict[str, tree.Spec] = {}
    broken: dict[str, str] = {}
    forward_first = sorted(calls, key=lambda c: c.vjp is not None)
    for call in forward_first:
        described: list[tree.Spec] = []
        plain = Call(call.key, call.function, call.args, call.static)

        def shape(*xs: Any, call: Call = plain, described: list[tree.Spec] = described) -> None:
            leaves = iter(xs)
            args = [build(list(spec), leaves) for spec in call.args]
            function = student_function(call.function, reference, given)
            described.append(describe(function(*args, **ast.literal_eval(call.static)), []))

        avals = [jax.ShapeDtypeStruct(tree.shape_of(s), tree.dtype_of(s)) for s in call.leaves()]
        try:
            jax.eval_shape(shape, *avals)
        except Exception as error:
            broken[call.key] = f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"
            continue
        outputs[call.key] = described[0]
        if call.vjp:
            leaves = call.leaves()
            outputs[call.key + ":forward"] = described[0]
            outputs[call.key] = ["t", [leaves[i] for i in call.moving()]]
    return outputs, broken


def by_function(probes: Iterable[Probe]) -> dict[str, list[Probe]]:
    """Return probes by the function that they call."""
    groups: dict[str, list[Probe]] = {}
    for p in probes:
        groups.setdefault(p.forward.function, []).append(p)
    return groups


def truths(
    plan: Plan, probes: list[Probe], outputs: dict[str, tree.Spec], reference: Any, given: Any
) -> dict[str, np.ndarray]:
    """Compute the truth of every probe, and how far float32 work may be from it.

    Returns:
      Arrays by name: ``t/PROBE/LEAF``, the truth in float64 on inputs rounded to float32; ``e/PROBE``, float64
      of shape ``[leaves, 2]``, the larger (norm-wise, element-wise) error of two trials, relative to the rms
      of the truth: the reference in float32, and in float64 on inputs moved by up to half a unit in the last place.

    References:
      Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 2002, chapter 1: the error to expect
      is the condition number times the error of the inputs.
    """
    (single,) = _outputs(plan, probes, outputs, reference, given, run)
    with jax.enable_x64(True):
        true, shaken = _outputs(plan, probes, outputs, reference, given, run, (_double, _shake))
    arrays: dict[str, np.ndarray] = {}
    for p in probes:
        etas = []
        for i, (t, scale) in enumerate(zip(true[p.key], scales(true[p.key]), strict=True)):
            arrays[f"t/{p.key}/{i}"] = t
            if t.dtype.kind != "f":
                etas.append((0.0, 0.0))
                continue
            pairs = [errors(np.asarray(o[p.key][i]), t, scale) for o in (single, shaken)]
            # An overflow of the float32 reference is no measure of what a student's program can do.
            finite = [e for e in pairs if np.isfinite(e[1])] or [(0.0, 0.0)]
            etas.append((max(e[0] for e in finite), max(e[1] for e in finite)))
        arrays[f"e/{p.key}"] = np.asarray(etas, np.float64).reshape(-1, 2)
    return arrays


def overlay(right: types.ModuleType, mistake: Mistake) -> types.SimpleNamespace:
    """Return right work with one function replaced by a known mistake."""
    return types.SimpleNamespace(**(vars(right) | {mistake.function: mistake.implementation}))


def mistaken(
    plan: Plan, mistake: Mistake, outputs: dict[str, tree.Spec], right: types.ModuleType, given: Any
) -> dict[str, list[np.ndarray]]:
    """Return the output leaves of a mistake by printed probe, in float32 as a student's program would give them.

    Asked are its own function, and compositions that it fails.  Probes that it cannot answer are left out.  A mistake
    with a free constant answers for each of its values: see :func:`_family`.
    """
    printed = (p for p in plan.numeric() if p.draw == PUBLIC_DRAW and p.call.key in outputs)
    probes = [
        p
        for p in printed
        if p.forward.function == mistake.function
        or (p.forward.function.startswith("given.") and p.check in mistake.fails)
    ]

    def answers(probes: list[Probe]) -> dict[str, list[np.ndarray]]:
        if mistake.constants:
            return _family(plan, probes, outputs, mistake, right, given)
        return _outputs(plan, probes, outputs, overlay(right, mistake), given, run_small)[0]

    try:
        return answers(probes)
    except Exception:
        answered: dict[str, list[np.ndarray]] = {}
        for p in probes:
            try:
                answered |= answers([p])
            except Exception:  # the mistake itself cannot be traced here: it cannot be recognised by numbers
                continue
        return answered


def _family(
    plan: Plan,
    probes: list[Probe],
    outputs: dict[str, tree.Spec],
    mistake: Mistake,
    right: types.ModuleType,
    given: Any,
) -> dict[str, list[np.ndarray]]:
    """Return entries of the output leaves of a mistake by probe, stacked over the values of its constant.

    The constant is an input of the program, so that all values share one compilation.
    """

    def with_constant(call: Call, *flat: Any) -> list[Any]:
        student = overlay(right, mistake.at(flat[-1]))
        return flat_function(call, student, given)(*flat[:-1])

    constants = np.asarray(mistake.constants, np.float32)
    jobs = []
    for p in probes:
        inputs = inputs_of(plan, p, outputs)
        rounds = [[*inputs, np.full(p.steps, c) if p.steps else c] for c in constants]
        carried = len(tree.leaf_specs(p.call.args[0])) if p.steps else 0
        jobs.append(Job(partial(with_constant, p.call), rounds, p.steps, carried))
    with jax.default_matmul_precision("highest"):
        results = run_small(jobs)
    return {
        p.key: [np.stack([*map(sampled, values)]) for values in zip(*by_constant, strict=True)]
        for p, by_constant in zip(probes, results, strict=True)
    }


def forms(plan: Plan, mistake: Mistake, outputs: dict[str, tree.Spec], right: types.ModuleType, given: Any) -> Forms:
    """Return, by call, what shows a mistake without any number: another structure, or a rule that it breaks.

    Asked are the printed cases of its own function in the checks that it fails.
    """
    student = overlay(right, mistake)
    printed = (p.forward for name in sorted(mistake.fails) for p in plan.probes.get(name, ()) if p.draw == PUBLIC_DRAW)
    calls = {c.key: c for c in printed if c.function == mistake.function and c.key in outputs}
    found: Forms = {}
    for key, call in calls.items():
        try:
            spec = trace_call(request_of(call), student, given, frozenset()).forward
        except TracingError as error:
            if error.kind in TELLING:
                found[key] = error.kind
        else:
            if not tree.matches(outputs[key], spec):
                found[key] = spec
    return found


def modules(probes: Sequence[Probe], reference: Any, given: Any, problems: dict[str, str]) -> dict[str, np.ndarray]:
    """Return the reference's own programs by call, as bytes (uint8): speed and cost are measured against them.

    Adds the probes without a program to ``problems``.
    """
    arrays: dict[str, np.ndarray] = {}
    for p in probes:
        name = f"p/{p.call.key}"
        if p.key in problems or name in arrays:
            continue
        try:
            module = export_call(request_of(p.call), reference, given, frozenset())[-1]
        except Exception as error:
            problems[p.key] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
            continue
        arrays[name] = np.frombuffer(module, np.uint8)
    return arrays


def learned(
    plan: Plan, name: str, outputs: dict[str, tree.Spec], reference: Any, given: Any
) -> tuple[dict[str, Any], np.ndarray]:
    """Train the reference on several seeds; submissions are trained on other seeds.

    Returns:
      The structure of the state and the held-out numbers by name, and the losses, float32 of shape
      ``[seeds, steps]``.

    Raises:
      AssignmentError: the reference cannot be traced.
    """
    check = plan.assignment.checks[name]
    first = plan.runs[name]
    state = outputs[first.init.key]
    _, step, predict = _run_calls(plan, name, outputs)
    signed, broken = signatures([step, predict], reference, given)
    if broken:
        raise AssignmentError("; ".join(broken.values()))
    outputs |= signed
    carried = len(tree.leaf_specs(state))
    init, *rest = (flat_function(c, reference, given) for c in (first.init, step, predict))
    trainer = Trainer(init, rest[0], rest[1], carried)
    losses, numbers = [], []
    for draw in range(FIRST_REFERENCE_DRAW, FIRST_REFERENCE_DRAW + REFERENCE_SEEDS):
        drawn = draw_run(plan.assignment, plan.keys, check, draw)
        curve, output = trainer.train(drawn.key, drawn.batches, drawn.held_out)
        predicted = tree.unflatten(outputs[predict.key], iter(output))
        numbers.append({k: float(v) for k, v in check.options["measure"](predicted, drawn.target).items()})
        losses.append(curve)
    collected = {k: [n[k] for n in numbers] for k in numbers[0]}
    return {"state": state, "numbers": collected}, np.stack(losses)


def run_modules(plan: Plan, name: str, outputs: dict[str, tree.Spec], reference: Any, given: Any) -> dict[str, Any]:
    """Return the reference's own programs of a training run by call, as bytes (uint8): steps are compared with them."""
    return {
        f"p/{call.key}": np.frombuffer(export_call(request_of(call), reference, given, frozenset())[-1], np.uint8)
        for call in _run_calls(plan, name, outputs)
    }


def _run_calls(plan: Plan, name: str, outputs: dict[str, tree.Spec]) -> tuple[Call, Call, Call]:
    """Return the calls of a training run: init, step and predict."""
    options, run = plan.assignment.checks[name].options, plan.runs[name]
    state = outputs[run.init.key]
    return run.init, run.step(options["step"], state), run.predict(options["predict"], state)


def _outputs(
    plan: Plan,
    probes: list[Probe],
    outputs: dict[str, tree.Spec],
    student: Any,
    given: Any,
    run: Run,
    ways: Sequence[Callable[[np.ndarray, str], np.ndarray]] = (lambda x, _: x,),
) -> list[dict[str, list[np.ndarray]]]:
    """Return the output leaves of every probe; equal calls share one compilation and differ in their rounds.

    Args:
      ways: each makes inputs of its own from every flat input and the key of its probe; they give one answer each.
    """
    groups: dict[tuple[str, int], list[Probe]] = {}
    for p in probes:
        groups.setdefault((p.call.key, p.steps), []).append(p)
    jobs = []
    for members in groups.values():
        first = members[0]
        rounds = [[prepare(x, p.key) for x in inputs_of(plan, p, outputs)] for prepare in ways for p in members]
        carried = len(tree.leaf_specs(first.call.args[0])) if first.steps else 0
        jobs.append(Job(flat_function(first.call, student, given), rounds, first.steps, carried))
    with jax.default_matmul_precision("highest"):
        results = run(jobs)
    return [
        {
            p.key: leaves
            for members, rounds_out in zip(groups.values(), results, strict=True)
            for p, leaves in zip(members, rounds_out[way * len(members) :][: len(members)], strict=True)
        }
        for way in range(len(ways))
    ]


def _double(x: np.ndarray, _: str) -> np.ndarray:
    return x.astype(np.float64) if x.dtype == np.float32 else x


def _shake(x: np.ndarray, key: str) -> np.ndarray:
    """Move a float32 input by up to half a unit in the last place; the result is float64."""
    if x.dtype != np.float32:
        return x
    rng = np.random.default_rng(list(key.encode()))
    wiggle = rng.uniform(-0.5, 0.5, size=x.shape) * float(np.finfo(np.float32).eps)
    return np.asarray(x.astype(np.float64) * (1.0 + wiggle))
