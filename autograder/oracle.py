"""The reference side, a process of its own: float64 truth, tolerances, and what known mistakes answer.

    python -m autograder.oracle answers ASSIGNMENT REFERENCE OUT public|secret     (the secret on stdin)
    python -m autograder.oracle programs ASSIGNMENT REFERENCE OUT public|secret    (programs of the mistakes)

No student program ever enters this process.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from autograder import tree
from autograder.answers import float_leaves, inputs_of, write
from autograder.assignment import Assignment, AssignmentError, load_folder, load_package, mistakes
from autograder.checks import Mistake
from autograder.compare import errors, scales
from autograder.execute import Job, run
from autograder.plan import PERFORMANCE, PUBLIC, Call, Plan, Probe, Seed, draw_run, make_plan
from autograder.tracer import build, describe, trace_call
from autograder.training import Trainer

REFERENCE_SEEDS = 5
FIRST_REFERENCE_DRAW = 1000


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
    outputs, broken = _signatures(plan.calls.values(), reference, given)
    arrays: dict[str, np.ndarray] = {}
    problems: dict[str, str] = {}
    for check in plan.assignment.checks.values():
        if check.kind in PERFORMANCE:
            problems |= {p.key: broken[p.call.key] for p in plan.probes[check.name] if p.call.key in broken}
            arrays |= _modules(plan.probes[check.name], outputs, reference, given, problems)
    training: dict[str, Any] = {}
    for name in plan.runs:
        try:
            training[name], arrays[f"l/{name}"] = _learned(plan, name, outputs, reference, given)
        except Exception as error:
            problems[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
    for probes in _by_function(plan).values():
        ready = [p for p in probes if p.call.key not in broken]
        problems |= {p.key: broken[p.call.key] for p in probes if p.call.key in broken}
        try:
            arrays |= _truths(plan, ready, outputs, reference, given)
        except Exception as error:
            problems |= {p.key: f"{type(error).__name__}: {str(error).splitlines()[0][:300]}" for p in ready}
    known = []
    for mistake in mistakes(assignment).values():
        found = _mistaken(plan, mistake, outputs, given)
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
    outputs, _ = _signatures(plan.calls.values(), reference, given)
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


def overlay(solution: types.ModuleType, mistake: Mistake) -> types.SimpleNamespace:
    """The solution with one function replaced by a known mistake."""
    return types.SimpleNamespace(**(vars(solution) | {mistake.function: mistake.implementation}))


def given_module(assignment: Assignment) -> types.ModuleType | None:
    """Import the assignment's own compositions the way the sandbox does."""
    if assignment.given is None:
        return None
    module = types.ModuleType("given")
    sys.modules["given"] = module
    exec(compile(assignment.given, str(assignment.folder / "given.py"), "exec"), module.__dict__)
    return module


def assert_float64() -> None:
    """The truth must really be float64: compare with plain NumPy once per start."""
    x = np.linspace(-1.0, 1.0, 64).reshape(8, 8)
    with jax.enable_x64(True):
        y = np.asarray(jax.jit(lambda a: jax.numpy.tanh(a @ a))(x))
    if y.dtype != np.float64 or np.abs(y - np.tanh(x @ x)).max() > 1e-12:
        raise AssignmentError("the oracle does not compute in float64 on this machine")


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


def _modules(
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


def _learned(
    plan: Plan, name: str, outputs: dict[str, tree.Spec], reference: Any, given: Any
) -> tuple[dict[str, Any], np.ndarray]:
    """Train the reference on several seeds, none of which a submission is trained on."""
    check = plan.assignment.checks[name]
    first = plan.runs[name]
    state = outputs[first.init.key]
    step, predict = first.step(check.options["step"], state), first.predict(check.options["predict"], state)
    found, broken = _signatures([step, predict], reference, given)
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


def _signatures(calls: Iterable[Call], reference: Any, given: Any) -> tuple[dict[str, tree.Spec], dict[str, str]]:
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


def _by_function(plan: Plan) -> dict[str, list[Probe]]:
    """The probes whose numbers are compared; timed ones are compared while they are timed."""
    groups: dict[str, list[Probe]] = {}
    for name, probes in plan.probes.items():
        if plan.assignment.checks[name].kind not in PERFORMANCE:
            for p in probes:
                groups.setdefault(p.forward.function, []).append(p)
    return groups


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


def _truths(
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


def _mistaken(plan: Plan, mistake: Mistake, outputs: dict[str, tree.Spec], given: Any) -> dict[str, list[np.ndarray]]:
    """What a mistake answers, in float32 as a student's program would; probes it cannot answer are left out."""
    student = types.SimpleNamespace(**{mistake.function: mistake.implementation})
    probes = [p for p in _by_function(plan).get(mistake.function, []) if p.call.key in outputs]
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


def _double(x: np.ndarray, _: str) -> np.ndarray:
    return x.astype(np.float64) if x.dtype == np.float32 else x


def _shake(x: np.ndarray, key: str) -> np.ndarray:
    """Move every input by up to half a unit in the last place of float32."""
    if x.dtype != np.float32:
        return x
    rng = np.random.default_rng(list(key.encode()))
    wiggle = rng.uniform(-0.5, 0.5, size=x.shape) * float(np.finfo(np.float32).eps)
    return np.asarray(x.astype(np.float64) * (1.0 + wiggle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
