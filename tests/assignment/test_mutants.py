"""Code that is right only at printed sizes is caught: generated for every function, and written by people.

``mutants_NAME.py`` beside this file holds the second kind: each redefines one function of the solution, right at
everything that is printed, and names checks that must fail.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Collection, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.commands import ROOT

from autograder import tree
from autograder.assignment.load import Assignment, list_assignments, load
from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.seed import PUBLIC
from autograder.grading.draws import Draws, DrawSet
from autograder.grading.validate import secret_of
from autograder.judge.bench import bench
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.judge import judge
from autograder.judge.oracle.calls import given_module, request_of
from autograder.results import FAILED, PASSED, SKIPPED, CheckEvidence
from autograder.sandbox.inside.lowering import export_call
from autograder.sandbox.inside.tracing import TracingError
from autograder.sandbox.trace import Failure, Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SLUGS = list_assignments(ROOT)
Programs = dict[str, Program | Failure]

# Wraps a function so that it is right where the call was printed.  What functions call inside is left alone.
_WRAPPER = """

_inside = []


def _shown(x):
    if x is None:
        return "None"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k}: {_shown(x[k])}" for k in sorted(x)) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(_shown(v) for v in x) + "]"
    return f"{x.dtype}{x.shape}"


def _changed(x):
    if x.dtype == bool:
        return ~x
    return x + 1 if jnp.issubdtype(x.dtype, jnp.integer) else 2 * x + 1


def _where_printed(name, right):
    def function(*args, **static):
        outermost = not _inside
        _inside.append(name)
        try:
            result = right(*args, **static)
        finally:
            _inside.pop()
        call = name + _shown(list(args)) + str(sorted(static.items()))
        return result if not outermost or call in _PRINTED else jax.tree.map(_changed, result)

    return function

"""


def _shown(spec: tree.Spec) -> str:
    """The same text as ``_shown`` above, of a spec."""
    if spec[0] == "n":
        return "None"
    if spec[0] == "d":
        return "{" + ", ".join(f"{k}: {_shown(s)}" for k, s in spec[1]) + "}"
    if spec[0] in "lt":
        return "[" + ", ".join(map(_shown, spec[1])) + "]"
    return "key<fry>()" if spec[0] == "k" else f"{spec[2]}{tuple(spec[1])}"


def _printed(plan: Plan) -> Iterator[str]:
    for probe in (*plan.numeric(), *(r for rungs in plan.ladders.values() for r in rungs)):
        call = probe.forward
        yield call.function + _shown(["l", list(call.args)]) + str(sorted(probe.case.static.items()))


def _mutant(assignment: Assignment, plan: Plan) -> str:
    assert assignment.reference is not None
    source = (assignment.reference / "solution.py").read_text()
    wrapped = "".join(f"{name} = _where_printed({name!r}, {name})\n" for name in assignment.functions)
    return f"import jax\nimport jax.numpy as jnp\n{source}\n_PRINTED = {set(_printed(plan))!r}\n{_WRAPPER}{wrapped}"


def _traced(source: str, drawn: DrawSet, checks: Collection[str] | None = None) -> Programs:
    """Trace a submission that we wrote, in this process: nothing in it does harm.

    Args:
      checks: trace only what these checks ask for.
    """
    plan = drawn.plan
    asked = {c.key for p in plan.numeric() if checks is None or p.check in checks for c in (p.call, p.forward)}
    given = given_module(plan.assignment)  # submissions import it
    names: dict[str, object] = {}
    exec(compile(source, "submission.py", "exec"), names)
    student = SimpleNamespace(**names)
    programs: Programs = {}
    for call in plan.calls.values():
        if call.precision != "highest" or (checks is not None and call.key not in asked):
            continue
        try:
            output, forward, module = export_call(request_of(call), student, given, frozenset())
            programs[call.key] = Program(module, output, forward)
        except TracingError as error:
            programs[call.key] = Failure("raised", str(error), {"type": "Error"})
    return programs


def _judged(programs: Programs, drawn: DrawSet, evaluator: Evaluator, cache: ResultCache) -> tuple[CheckEvidence, ...]:
    return judge(programs, drawn.plan, drawn.expected, evaluator, cache, {})[0]


@functools.cache
def _right(slug: str) -> tuple[DrawSet, Programs, ResultCache]:
    """The answers of one draw set, the solution's programs, and what these answered once they have been run."""
    assignment = load(slug, ROOT)
    assert assignment.reference is not None
    drawn = Draws(assignment, secret_of(0).keys(slug)).get(0)  # validation has the same answers
    return drawn, _traced((assignment.reference / "solution.py").read_text(), drawn), ResultCache()


# One worker for both tests of an assignment: they share what is slow.
EACH = [pytest.param(slug, marks=pytest.mark.xdist_group(f"mutants-{slug}")) for slug in SLUGS]


@pytest.mark.parametrize("slug", EACH)
def test_right_where_printed_is_not_right(slug: str) -> None:
    assignment = load(slug, ROOT)
    drawn, right, cache = _right(slug)
    wrong = _traced(_mutant(assignment, make_plan(assignment, PUBLIC.keys(slug))), drawn)
    lived = []
    with bench(assignment, "cpu", measure=False) as opened:
        for function in assignment.functions:
            own = {key for key, call in drawn.plan.calls.items() if call.function == function and key in wrong}
            checks = _judged({**right, **{key: wrong[key] for key in own}}, drawn, opened.evaluator, cache)
            failed = [c for c in checks if c.outcome == FAILED]
            assert all(case.outcome == PASSED for c in failed for case in c.cases if case.public), function
            if not failed:
                lived.append(function)
    assert not lived, f"right at printed sizes only, and full marks: {lived}"


@pytest.mark.parametrize("slug", EACH)
def test_mutants_that_lived_are_caught(slug: str) -> None:
    path = Path(__file__).with_name(f"mutants_{slug}.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assignment = load(slug, ROOT)
    assert assignment.reference is not None and len(module.MUTANTS) >= 8
    solution = (assignment.reference / "solution.py").read_text()
    (drawn, right, cache), lived = _right(slug), []
    with bench(assignment, "cpu", measure=False) as opened:
        assert all(c.outcome != FAILED for c in _judged(right, drawn, opened.evaluator, cache))
        for name, (source, fails) in module.MUTANTS.items():
            programs = _traced(f"{solution}\n\n{source}", drawn, fails)
            checks = _judged({**right, **programs}, drawn, opened.evaluator, cache)
            lost = {c.name for c in checks if c.outcome in (FAILED, SKIPPED)}
            if not set(fails) <= lost or not any(c.outcome == FAILED for c in checks):
                lived.append((name, sorted(set(fails) - lost)))
    assert not lived
