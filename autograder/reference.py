"""What the reference answers: signatures, float64 truth with its tolerances, programs and training runs."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np

from autograder import tree
from autograder.answers import float_leaves, inputs_of
from autograder.assignment import Assignment, AssignmentError
from autograder.checks import Mistake
from autograder.compare import errors, scales
from autograder.execute import Job, run
from autograder.plan import PERFORMANCE, Call, Plan, Probe, draw_run
from autograder.tracer import build, describe, trace_call
from autograder.training import Trainer

REFERENCE_SEEDS = 5
FIRST_REFERENCE_DRAW = 1000


def signatures(calls: Iterable[Call], reference: Any, given: Any) -> tuple[dict[str, tree.Spec], dict[str, str]]:
    """What each call returns, in float32; and the calls for which the reference has no answer."""
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


def by_function(plan: Plan) -> dict[str, list[Probe]]:
    """The probes whose numbers are compared; timed ones are compared while they are timed."""
    groups: dict[str, list[Probe]] = {}
    for name, probes in plan.probes.items():
        if plan.assignment.checks[name].kind not in PERFORMANCE:
            for p in probes:
                groups.setdefault(p.forward.function, []).append(p)
    return groups


def truths(
    plan: Plan, probes: list[Probe], outputs: dict[str, tree.Spec], reference: Any, given: Any
) -> dict[str, np.ndarray]:
    single = _outputs(plan, probes, outputs, reference, given)
    with jax.enable_x64(True):
        true = _outputs(plan, probes, outputs, reference, given, _double)
        shaken = _outputs(plan, probes, outputs, reference, given, _shake)
    arrays: dict[str, np.ndarray] = {}
    for p in probes:
        etas = []
        for i, (t, scale) in enumerate(zip(true[p.key], scales(true[p.key]), strict=True)):
            arrays[f"t/{p.key}/{i}"] = t
            if t.dtype.kind != "f":
                etas.append((0.0, 0.0))
                continue
            pairs = [errors(np.asarray(o[p.key][i]), t, scale) for o in (single, shaken)]
            # An overflow of the float32 reference says nothing about how well the student could do.
            finite = [e for e in pairs if np.isfinite(e[1])] or [(0.0, 0.0)]
            etas.append((max(e[0] for e in finite), max(e[1] for e in finite)))
        arrays[f"e/{p.key}"] = np.asarray(etas, np.float64).reshape(-1, 2)
    return arrays


def mistaken(plan: Plan, mistake: Mistake, outputs: dict[str, tree.Spec], given: Any) -> dict[str, list[np.ndarray]]:
    """What a mistake answers, in float32 as a student's program would; probes it cannot answer are left out."""
    student = types.SimpleNamespace(**{mistake.function: mistake.implementation})
    probes = [p for p in by_function(plan).get(mistake.function, []) if p.call.key in outputs]
    try:
        return _outputs(plan, probes, outputs, student, given)
    except Exception:
        found: dict[str, list[np.ndarray]] = {}
        for p in probes:
            try:
                found |= _outputs(plan, [p], outputs, student, given)
            except Exception:  # the mistake itself is not traceable here: nothing to recognise
                continue
        return found


def modules(
    probes: Sequence[Probe], outputs: dict[str, tree.Spec], reference: Any, given: Any, problems: dict[str, str]
) -> dict[str, np.ndarray]:
    """The reference's own programs, which speed and cost are measured against."""
    arrays: dict[str, np.ndarray] = {}
    for p in probes:
        name = f"p/{p.call.key}"
        if p.key in problems or name in arrays:
            continue
        try:
            module = trace_call(request_of(p.call, outputs), reference, given, frozenset())[1]
        except Exception as error:
            problems[p.key] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
            continue
        arrays[name] = np.frombuffer(module, np.uint8)
    return arrays


def learned(
    plan: Plan, name: str, outputs: dict[str, tree.Spec], reference: Any, given: Any
) -> tuple[dict[str, Any], np.ndarray]:
    """Train the reference on several seeds, none of which a submission is trained on."""
    check = plan.assignment.checks[name]
    first = plan.runs[name]
    state = outputs[first.init.key]
    step, predict = first.step(check.options["step"], state), first.predict(check.options["predict"], state)
    found, broken = signatures([step, predict], reference, given)
    if broken:
        raise AssignmentError("; ".join(broken.values()))
    outputs |= found
    carried = len(tree.leaf_specs(state))
    init, *rest = (flat_function(c, reference, given) for c in (first.init, step, predict))
    trainer = Trainer(init, rest[0], rest[1], carried)
    losses, numbers = [], []
    for draw in range(FIRST_REFERENCE_DRAW, FIRST_REFERENCE_DRAW + REFERENCE_SEEDS):
        run_ = draw_run(plan.assignment, plan.seed, check, draw)
        curve, output = trainer.train(run_.key, run_.batches, run_.held_out)
        predicted = tree.unflatten(outputs[predict.key], iter(output))
        numbers.append({k: float(v) for k, v in check.options["measure"](predicted, run_.target).items()})
        losses.append(curve)
    collected = {k: [n[k] for n in numbers] for k in numbers[0]}
    return {"state": state, "numbers": collected}, np.stack(losses)


def request_of(call: Call, outputs: dict[str, tree.Spec]) -> dict[str, Any]:
    """Write a call the way the tracer is asked for it."""
    cotangents: list[tree.Spec] = []
    if call.vjp:
        cotangents = float_leaves(outputs[call.key + ":forward"])
    return {
        "id": call.key,
        "function": call.function,
        "args": call.args,
        "static": call.static,
        "vjp": call.vjp,
        "cotangents": cotangents,
        "precision": call.precision,
    }


def flat_function(call: Call, student: Any, given: Any) -> Callable[..., list[Any]]:
    """A call as a function from flat inputs to flat outputs (or to gradients, for a pullback)."""
    function = student_function(call.function, student, given)
    static = ast.literal_eval(call.static)

    def value(*xs: Any) -> list[Any]:
        leaves = iter(xs)
        args = [build(list(spec), leaves) for spec in call.args]
        flat: list[Any] = []
        describe(function(*args, **static), flat)
        return [jax.numpy.asarray(leaf) for leaf in flat]

    if not call.vjp:
        return value
    count, moving = len(call.leaves()), call.moving()

    def pullback(*xs: Any) -> list[Any]:
        primal = list(xs[:count])

        def floats(*diff: Any) -> list[Any]:
            full = list(primal)
            for i, d in zip(moving, diff, strict=True):
                full[i] = d
            return [y for y in value(*full) if jax.numpy.issubdtype(y.dtype, jax.numpy.inexact)]

        return list(jax.vjp(floats, *(primal[i] for i in moving))[1](list(xs[count:])))

    return pullback


def student_function(name: str, student: Any, given: Any) -> Callable[..., Any]:
    if name.startswith("given."):
        composed = getattr(given, name.removeprefix("given."))
        return lambda *args, **static: composed(student, *args, **static)
    return getattr(student, name)  # type: ignore[no-any-return]


def given_module(assignment: Assignment) -> types.ModuleType | None:
    """Import the assignment's own compositions the way the sandbox does."""
    if assignment.given is None:
        return None
    module = types.ModuleType("given")
    sys.modules["given"] = module
    exec(compile(assignment.given, str(assignment.folder / "given.py"), "exec"), module.__dict__)
    return module


def _outputs(
    plan: Plan,
    probes: list[Probe],
    outputs: dict[str, tree.Spec],
    student: Any,
    given: Any,
    prepare: Callable[[np.ndarray, str], np.ndarray] = lambda x, _: x,
) -> dict[str, list[np.ndarray]]:
    """Answer every probe; equal calls share one compilation and differ in their rounds."""
    groups: dict[tuple[str, int], list[Probe]] = {}
    for p in probes:
        groups.setdefault((p.call.key, p.steps), []).append(p)
    jobs = []
    for members in groups.values():
        first = members[0]
        rounds = [[prepare(x, p.key) for x in inputs_of(plan, p, outputs)] for p in members]
        carried = len(tree.leaf_specs(first.call.args[0])) if first.steps else 0
        jobs.append(Job(flat_function(first.call, student, given), rounds, first.steps, carried))
    with jax.default_matmul_precision("highest"):
        results = run(jobs)
    return {
        p.key: leaves
        for members, rounds_out in zip(groups.values(), results, strict=True)
        for p, leaves in zip(members, rounds_out, strict=True)
    }


def _double(x: np.ndarray, _: str) -> np.ndarray:
    return x.astype(np.float64) if x.dtype == np.float32 else x


def _shake(x: np.ndarray, key: str) -> np.ndarray:
    """Move every input by up to half a unit in the last place of float32."""
    if x.dtype != np.float32:
        return x
    rng = np.random.default_rng(list(key.encode()))
    wiggle = rng.uniform(-0.5, 0.5, size=x.shape) * float(np.finfo(np.float32).eps)
    return np.asarray(x.astype(np.float64) * (1.0 + wiggle))
