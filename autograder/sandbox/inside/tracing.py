"""Trace one function: call it with tracers and note what it computes; ``lowering.py`` makes a program of that.

Runs in the sandbox on student code, and in trusted processes on our own; standard library and JAX only.
"""

from __future__ import annotations

import ast
import difflib
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_OUTPUT_BYTES = 1 << 26
DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)


class TracingError(Exception):
    """The function cannot become a program; ``kind`` is a word the trusted side explains."""

    def __init__(self, kind: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.kind, self.message, self.details = kind, message, details


@dataclass(frozen=True)
class TracedCall:
    """What one call computes, on flat arrays.

    Attributes:
      jaxpr: a closed jaxpr with a single equation: the call of the compiled function.
      avals: shapes and dtypes of the flat inputs.
      output: spec of what the call returns; for a vector-Jacobian product, of gradients.
      forward: spec of what the function itself returns.
    """

    jaxpr: Any
    avals: list[Any]
    output: list[Any]
    forward: list[Any]


def trace_call(call: dict[str, Any], student: Any, given: Any, sources: frozenset[str]) -> TracedCall:
    """Trace one call.

    Args:
      call: ``function``, ``args`` (specs), ``static`` (Python literal), ``vjp`` (positions or None), ``precision``
        (matmul).
      student: namespace of the student's functions.
      given: module of the assignment's own compositions, or None.
      sources: file names of student code, to find the line an error belongs to.

    Raises:
      TracingError: with the student's own line where there is one.
    """
    import jax

    function = _resolve(call["function"], student, given)
    static = ast.literal_eval(call["static"])
    described: list[Any] = []

    def run(leaves: Iterator[Any]) -> list[Any]:
        args = [build(spec, leaves) for spec in call["args"]]
        before = [_snapshot(a) for a in args]
        out = function(*args, **static)
        for position, (arg, was) in enumerate(zip(args, before, strict=True)):
            if changed := _changed(arg, was, ""):
                message = "the function changes the dict or list that it was given"
                raise TracingError("mutation", message, argument=position, changed=changed)
        leaves_out: list[Any] = []
        described[:] = [describe(out, leaves_out)]
        return leaves_out

    def value(*xs: Any) -> list[Any]:
        return run(iter(xs))

    specs = [s for a in call["args"] for s in _leaf_specs(a)]
    moving = _float_leaves(call["args"], call["vjp"] or [])

    def pullback(*xs: Any) -> list[Any]:
        primal, cotangents = xs[: len(specs)], xs[len(specs) :]

        def floats(*diff: Any) -> list[Any]:
            full = list(primal)
            for i, d in zip(moving, diff, strict=True):
                full[i] = d
            return [y for y in run(iter(full)) if jax.numpy.issubdtype(jax.numpy.result_type(y), jax.numpy.inexact)]

        _, pull = jax.vjp(floats, *(primal[i] for i in moving))
        return list(pull([jax.numpy.asarray(c) for c in cotangents]))

    avals = [
        jax.ShapeDtypeStruct((2,) if s[0] == "k" else tuple(s[1]), "uint32" if s[0] == "k" else s[2]) for s in specs
    ]
    body = pullback if call["vjp"] else value
    body.__name__ = body.__qualname__ = "call"
    try:
        with jax.default_matmul_precision(call["precision"] or "default"):
            if call["vjp"]:  # the function itself says which cotangents it takes
                avals += [y for y in jax.eval_shape(value, *avals) if jax.numpy.issubdtype(y.dtype, jax.numpy.inexact)]
            jaxpr = jax.make_jaxpr(jax.jit(body, keep_unused=True))(*avals)
    except TracingError:
        raise
    except BaseException as error:
        raise explain(error, sources) from None
    output = forward = described[0]
    if call["vjp"]:
        output = ["t", [["a", list(a.shape), str(a.dtype)] for a in jaxpr.out_avals]]
    return TracedCall(jaxpr, avals, output, forward)


def _resolve(name: str, student: Any, given: Any) -> Callable[..., Any]:
    if name.startswith("given."):
        function = getattr(given, name.removeprefix("given."))
        return lambda *args, **static: function(student, *args, **static)
    function = getattr(student, name, None)
    if function is None:
        raise TracingError("missing", f"there is no function named {name}")
    if not callable(function):
        raise TracingError(
            "missing", f"the name {name} refers to an object of type {type(function).__name__}, not to a function"
        )
    return function  # type: ignore[no-any-return]


def explain(error: BaseException, sources: frozenset[str]) -> TracingError:
    """Keep what a student can act on: the type, the first lines of the message, and their own line."""
    try:
        message = str(error)[:4000]
    except BaseException:
        message = "(the message of the error could not be read)"
    filename, line, own, depth, frame = "", 0, False, 0, error.__traceback__
    near = ""
    while frame is not None and depth < 100_000:
        own = frame.tb_frame.f_code.co_filename in sources
        if own:
            filename, line = frame.tb_frame.f_code.co_filename, frame.tb_lineno
            near = _near(error, frame.tb_frame)
        frame, depth = frame.tb_next, depth + 1
    kinds = [c.__name__ for c in type(error).__mro__]
    details = {"type": type(error).__name__, "kinds": kinds[:8], "file": filename, "line": line, "own": own}
    return TracingError("raised", message, **details, **_undefined(error), **({"near": near} if near else {}))


def _near(error: BaseException, frame: types.FrameType) -> str:
    """Return the name that somebody may have meant who wrote one that nobody defined."""
    name = getattr(error, "name", None)
    if not isinstance(error, NameError) or type(name) is not str or len(name) > 100:
        return ""
    known = [n for names in (frame.f_locals, frame.f_globals) for n in list(names)[:500] if type(n) is str]
    return next(iter(difflib.get_close_matches(name, known, 1, 0.75)), "")


def _undefined(error: BaseException) -> dict[str, str]:
    """Return the name that nobody defined and the module that lacks it, or the attribute that an array lacks."""
    if isinstance(error, NameError) and isinstance(error.name, str):
        return {"undefined": error.name, "module": ""}
    if isinstance(error, ImportError) and isinstance(error.name, str):
        return {"undefined": error.name, "module": ""}
    if isinstance(error, AttributeError) and isinstance(error.name, str) and type(error.obj) is types.ModuleType:
        return {"undefined": error.name, "module": error.obj.__name__}
    if isinstance(error, AttributeError) and isinstance(error.name, str) and _is_array(error.obj):
        return {"lacking": error.name}
    return {}


def _is_array(value: Any) -> bool:
    import jax

    return isinstance(value, jax.Array)


def build(spec: list[Any], leaves: Iterator[Any]) -> Any:
    import jax

    kind = spec[0]
    if kind == "d":
        return {k: build(s, leaves) for k, s in spec[1]}
    if kind == "l":
        return [build(s, leaves) for s in spec[1]]
    if kind == "t":
        return tuple(build(s, leaves) for s in spec[1])
    if kind == "n":
        return None
    leaf = next(leaves)
    return jax.random.wrap_key_data(leaf, impl="threefry2x32") if kind == "k" else leaf


def _leaf_specs(spec: list[Any]) -> list[list[Any]]:
    if spec[0] == "d":
        return [leaf for _, s in spec[1] for leaf in _leaf_specs(s)]
    if spec[0] in ("l", "t"):
        return [leaf for s in spec[1] for leaf in _leaf_specs(s)]
    return [] if spec[0] == "n" else [spec]


def _float_leaves(args: list[Any], wrt: list[int]) -> list[int]:
    """Positions, among all flat arguments, of the floating leaves of the arguments ``wrt``."""
    found, at = [], 0
    for position, spec in enumerate(args):
        for leaf in _leaf_specs(spec):
            if position in wrt and leaf[0] == "a" and leaf[2].startswith(("float", "bfloat")):
                found.append(at)
            at += 1
    return found


def describe(tree: Any, leaves: list[Any], depth: int = 0) -> list[Any]:
    """Flatten an output; what is no array and no container is a :class:`TracingError`."""
    import jax
    import numpy as np

    if depth > 64 or len(leaves) > 4096:
        raise TracingError("output", "the result is nested too deeply or has too many arrays")
    if tree is None:
        return ["n"]
    if isinstance(tree, dict):
        if not all(isinstance(k, str | int) for k in tree):
            raise TracingError("output", "the result has a dict whose keys are not strings")
        return ["d", [[k, describe(tree[k], leaves, depth + 1)] for k in sorted(tree, key=lambda k: (str(type(k)), k))]]
    if isinstance(tree, list):
        return ["l", [describe(v, leaves, depth + 1) for v in tree]]
    if isinstance(tree, tuple):
        return ["t", [describe(v, leaves, depth + 1) for v in tree]]
    if isinstance(tree, np.ndarray | np.generic) and tree.dtype.name not in DTYPES and tree.dtype.kind not in "fiu":
        raise TracingError("output", f"the result holds a NumPy array of dtype {tree.dtype}")
    if isinstance(tree, jax.Array | np.ndarray | np.generic | bool | int | float):
        leaf = tree
        if isinstance(tree, jax.Array) and jax.numpy.issubdtype(tree.dtype, jax.dtypes.prng_key):
            leaves.append(jax.random.key_data(tree))
            return ["k"]
        shape, dtype = jax.numpy.shape(leaf), str(jax.dtypes.canonicalize_dtype(jax.numpy.result_type(leaf)))
        if dtype not in DTYPES:
            raise TracingError("output", f"the result holds an array of dtype {dtype}")
        size = 1
        for n in shape:
            size *= n
        if size * 4 > MAX_OUTPUT_BYTES:
            raise TracingError("output", f"the result holds an array of shape {tuple(shape)}: larger than any answer")
        leaves.append(leaf)
        return ["a", list(shape), dtype]
    try:
        registered = jax.tree_util.default_registry.flatten_one_level(tree)
    except ValueError:
        registered = None
    if registered is not None:
        return ["t", [describe(v, leaves, depth + 1) for v in registered[0]]]
    what = "a function" if callable(tree) else f"a {type(tree).__name__}"
    raise TracingError("output", f"the result holds {what}; only arrays in dicts, lists and tuples can be graded")


def _snapshot(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _snapshot(v) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return [_snapshot(v) for v in tree]
    return tree


def _changed(tree: Any, before: Any, path: str) -> str:
    """Name the first place where an argument is not what it was before the call; empty where there is none."""
    here = path or " itself"
    if isinstance(before, dict):
        if not isinstance(tree, dict) or set(tree) != set(before):
            return here
        return next((found for k in before if (found := _changed(tree[k], before[k], f"{path}[{k!r}]"))), "")
    if isinstance(before, list):
        if len(tree) != len(before):
            return here
        pairs = enumerate(zip(tree, before, strict=True))
        return next((found for i, (t, b) in pairs if (found := _changed(t, b, f"{path}[{i}]"))), "")
    return "" if tree is before else here
