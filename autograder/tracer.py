"""Turn a submission's functions into StableHLO.  This file runs *inside* the sandbox, beside student code.

It therefore stands alone: standard library and JAX only, nothing of the engine.  A request comes on
standard input; answers leave as frames (see ``frames.py``) on a private descriptor.  Whatever student
code does to this process, all it can hand out is bytes, and the trusted side believes none of them.
The trusted side also imports :func:`trace_call`, to trace its own known mistakes the same way.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import json
import os
import struct
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

PLATFORMS = ("cpu", "cuda", "tpu")
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


class TraceFailure(Exception):
    """The function cannot become a program; ``kind`` is a word the trusted side explains."""

    def __init__(self, kind: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.kind, self.message, self.details = kind, message, details


# Tracing one call -----------------------------------------------------------------------------------


def trace_call(call: dict[str, Any], student: Any, given: Any, sources: frozenset[str]) -> tuple[list[Any], bytes]:
    """Trace one call; return the spec of its output and the serialised StableHLO module.

    Args:
      call: ``function``, ``args`` (specs), ``static`` (Python literal), ``vjp`` (positions or None),
        ``cotangents`` (leaf specs of the floating outputs), ``precision`` (matmul).
      student: namespace of the student's functions.
      given: module of the assignment's own compositions, or None.
      sources: file names of student code, to find the line an error belongs to.

    Raises:
      TraceFailure: with the student's own line where there is one.
    """
    import jax

    function = _resolve(call["function"], student, given)
    static = ast.literal_eval(call["static"])
    described: list[Any] = []

    def run(leaves: Iterator[Any]) -> list[Any]:
        args = [build(spec, leaves) for spec in call["args"]]
        before = [_snapshot(a) for a in args]
        out = function(*args, **static)
        if any(_changed(a, b) for a, b in zip(args, before, strict=True)):
            raise TraceFailure("mutation", "the function changes the dict or list that it was given")
        leaves_out: list[Any] = []
        described[:] = [describe(out, leaves_out)]
        return leaves_out

    def value(*xs: Any) -> list[Any]:
        return run(iter(xs))

    def pullback(*xs: Any) -> list[Any]:
        primal, cotangents = xs[: len(specs) - len(call["cotangents"])], xs[len(specs) - len(call["cotangents"]) :]
        moving = _float_leaves(call["args"], call["vjp"])

        def floats(*diff: Any) -> list[Any]:
            full = list(primal)
            for i, d in zip(moving, diff, strict=True):
                full[i] = d
            return [y for y in run(iter(full)) if jax.numpy.issubdtype(jax.numpy.result_type(y), jax.numpy.inexact)]

        outs, pull = jax.vjp(floats, *(primal[i] for i in moving))
        found = [["a", list(jax.numpy.shape(y)), str(jax.numpy.result_type(y))] for y in outs]
        if found != call["cotangents"]:
            raise TraceFailure("structure", "", actual=described[0])
        return list(pull([jax.numpy.asarray(c) for c in cotangents]))

    specs = [s for a in call["args"] for s in _leaf_specs(a)] + list(call["cotangents"] if call["vjp"] else [])
    avals = [
        jax.ShapeDtypeStruct((2,) if s[0] == "k" else tuple(s[1]), "uint32" if s[0] == "k" else s[2]) for s in specs
    ]
    body = pullback if call["vjp"] else value
    body.__name__ = body.__qualname__ = "call"
    try:
        with jax.default_matmul_precision(call["precision"] or "default"):
            exported = jax.export.export(jax.jit(body, keep_unused=True), platforms=PLATFORMS)(*avals)
    except TraceFailure:
        raise
    except BaseException as error:
        raise _explain(error, sources) from None
    output = described[0]
    if call["vjp"]:
        output = ["t", [["a", list(a.shape), str(a.dtype)] for a in exported.out_avals]]
    return output, exported.mlir_module_serialized


def _resolve(name: str, student: Any, given: Any) -> Callable[..., Any]:
    if name.startswith("given."):
        function = getattr(given, name.removeprefix("given."))
        return lambda *args, **static: function(student, *args, **static)
    function = getattr(student, name, None)
    if function is None:
        raise TraceFailure("missing", f"there is no function named {name}")
    if not callable(function):
        raise TraceFailure("missing", f"{name} is a {type(function).__name__}, not a function")
    return function  # type: ignore[no-any-return]


def _explain(error: BaseException, sources: frozenset[str]) -> TraceFailure:
    """Keep what a student can act on: the type, the first lines of the message, and their own line."""
    try:
        message = str(error)[:4000]
    except BaseException:
        message = "(the error's own text could not be read)"
    filename, line, depth, frame = "", 0, 0, error.__traceback__
    while frame is not None and depth < 100_000:
        if frame.tb_frame.f_code.co_filename in sources:
            filename, line = frame.tb_frame.f_code.co_filename, frame.tb_lineno
        frame, depth = frame.tb_next, depth + 1
    kinds = [c.__name__ for c in type(error).__mro__]
    return TraceFailure("raised", message, type=type(error).__name__, kinds=kinds[:8], file=filename, line=line)


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
    """Flatten an output; what is no array and no container is a :class:`TraceFailure`."""
    import jax
    import numpy as np

    if depth > 64 or len(leaves) > 4096:
        raise TraceFailure("output", "the result is nested too deeply or has too many arrays")
    if tree is None:
        return ["n"]
    if isinstance(tree, dict):
        if not all(isinstance(k, str | int) for k in tree):
            raise TraceFailure("output", "the result has a dict whose keys are not strings")
        return ["d", [[k, describe(tree[k], leaves, depth + 1)] for k in sorted(tree, key=lambda k: (str(type(k)), k))]]
    if isinstance(tree, list):
        return ["l", [describe(v, leaves, depth + 1) for v in tree]]
    if isinstance(tree, tuple):
        return ["t", [describe(v, leaves, depth + 1) for v in tree]]
    if isinstance(tree, np.ndarray | np.generic) and tree.dtype.name not in DTYPES and tree.dtype.kind not in "fiu":
        raise TraceFailure("output", f"the result holds a NumPy array of dtype {tree.dtype}")
    if isinstance(tree, jax.Array | np.ndarray | np.generic | bool | int | float):
        leaf = tree
        if isinstance(tree, jax.Array) and jax.numpy.issubdtype(tree.dtype, jax.dtypes.prng_key):
            leaves.append(jax.random.key_data(tree))
            return ["k"]
        shape, dtype = jax.numpy.shape(leaf), str(jax.dtypes.canonicalize_dtype(jax.numpy.result_type(leaf)))
        if dtype not in DTYPES:
            raise TraceFailure("output", f"the result holds an array of dtype {dtype}")
        size = 1
        for n in shape:
            size *= n
        if size * 4 > MAX_OUTPUT_BYTES:
            raise TraceFailure("output", f"the result holds an array of shape {tuple(shape)}: larger than any answer")
        leaves.append(leaf)
        return ["a", list(shape), dtype]
    try:
        registered = jax.tree_util.default_registry.flatten_one_level(tree)
    except ValueError:
        registered = None
    if registered is not None:
        return ["t", [describe(v, leaves, depth + 1) for v in registered[0]]]
    what = "a function" if callable(tree) else f"a {type(tree).__name__}"
    raise TraceFailure("output", f"the result holds {what}; only arrays in dicts, lists and tuples can be graded")


def _snapshot(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _snapshot(v) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return [_snapshot(v) for v in tree]
    return tree


def _changed(tree: Any, before: Any) -> bool:
    if isinstance(before, dict):
        return (
            not isinstance(tree, dict) or set(tree) != set(before) or any(_changed(tree[k], before[k]) for k in before)
        )
    if isinstance(before, list):
        return len(tree) != len(before) or any(_changed(t, b) for t, b in zip(tree, before, strict=True))
    return tree is not before


# Running as the sandboxed process -------------------------------------------------------------------


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Run the submission's modules from text, one top-level statement at a time.

    A statement that raises is reported and passed over, so that the functions around it still exist.
    """

    def __init__(self, modules: list[dict[str, Any]], skip: list[list[Any]], send: Callable[..., None]) -> None:
        self.modules = {m["name"]: m for m in modules}
        self.skip = {(name, index) for name, index in skip}
        self.send = send

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name in self.modules:
            package = any(other.startswith(name + ".") for other in self.modules)
            return importlib.machinery.ModuleSpec(name, self, is_package=package)
        if any(other.startswith(name + ".") for other in self.modules):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        flags = 0
        for index, statement in enumerate(self.modules.get(module.__name__, {}).get("statements", ())):
            if (module.__name__, index) in self.skip:
                continue
            self.send({"begin": [module.__name__, index]})
            try:
                tree = ast.parse(statement["source"], statement["filename"])
                ast.increment_lineno(tree, statement["line"] - 1)
                if statement["source"].startswith("from __future__"):
                    import __future__

                    for alias in tree.body[0].names:
                        flags |= getattr(__future__, alias.name).compiler_flag
                exec(compile(tree, statement["filename"], "exec", flags, True), module.__dict__)
            except BaseException as error:
                failure = _explain(error, frozenset({statement["filename"]}))
                self.send({"raised": [module.__name__, index], "message": failure.message, **failure.details})


def _limit(limits: dict[str, int]) -> None:
    import resource

    memory = limits["memory_mb"] << 20
    for what, amount in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, memory + (4 << 30)),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_mb"] << 20),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        *([(resource.RLIMIT_NPROC, limits["processes"])] if limits["processes"] else []),
    ):
        hard = resource.getrlimit(what)[1]
        bounded = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (bounded, bounded))


def _drop(uid: int) -> None:
    if os.getuid() != uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # this process may end at any moment
    with os.fdopen(0, "rb") as stdin:
        request = json.loads(stdin.read())
    os.open("/dev/null", os.O_RDONLY)
    if request["uid"] is not None:
        _drop(request["uid"])
    _limit(request["limits"])
    sys.path[:] = request["path"]

    def send(header: dict[str, Any], payload: bytes = b"") -> None:
        text = json.dumps(header).encode()
        data = memoryview(struct.pack(">II", len(text), len(payload)) + text + payload)
        while data:
            data = data[os.write(answers, data) :]

    send({"begin": ["import jax", 0]})
    import jax.export  # noqa: F401 - before student code can stand in its way

    started = time.process_time()
    given = None
    if request["given"] is not None:
        given = types.ModuleType("given")
        sys.modules["given"] = given
        exec(compile(request["given"], "given.py", "exec"), given.__dict__)
    sys.meta_path.append(_Loader(request["modules"], request["skip"], send))
    sys.setrecursionlimit(3000)
    student = importlib.import_module(request["modules"][0]["name"])
    sources = frozenset(s["filename"] for m in request["modules"] for s in m["statements"])
    for call in request["calls"]:
        send({"begin": ["call", call["id"]]})
        try:
            output, program = trace_call(call, student, given, sources)
            send({"program": call["id"], "output": output}, program)
        except TraceFailure as failure:
            send({"failure": call["id"], "kind": failure.kind, "message": failure.message, **failure.details})
        except BaseException as error:
            send({"failure": call["id"], "kind": "raised", "message": str(error)[:500], "type": type(error).__name__})
    send({"done": True, "start": started, "trace": time.process_time() - started})
    os._exit(0)


if __name__ == "__main__":
    main()
