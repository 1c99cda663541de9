"""Calls of a plan as the tracer is asked for them, and as functions from flat inputs to flat outputs."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable
from typing import Any

import jax

from autograder.assignment.load import Assignment
from autograder.assignment.probes import Call
from autograder.sandbox.inside.tracing import build, describe


def request_of(call: Call) -> dict[str, Any]:
    """Write a call the way the tracer is asked for it."""
    return {
        "id": call.key,
        "function": call.function,
        "args": call.args,
        "static": call.static,
        "vjp": call.vjp,
        "precision": call.precision,
    }


def flat_function(call: Call, student: Any, given: Any) -> Callable[..., list[Any]]:
    """Return a call as a function from flat inputs to flat outputs; a pullback returns gradients."""
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
    """Return a function of a submission by name; ``given.NAME`` is a composition that the assignment supplies."""
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
