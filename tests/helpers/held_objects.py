"""One of each kind of object that a submission can hold: what allowed functions return, raise or pass on."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import enum
import functools
import threading
import types
import typing
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def held_objects() -> dict[str, Any]:
    """Return the objects by a word for each."""
    return {
        **_of_jax(),
        **_of_numpy(),
        **_errors(),
        **_of_threads(),
        **_of_classes(),
        **_of_functions(),
        **_of_typing(),
    }


def _of_jax() -> dict[str, Any]:
    x = jnp.ones((2, 3))
    jitted = jax.jit(lambda x: jnp.tanh(x) * 2 + jax.nn.relu(x) + jnp.logaddexp(x, x))
    traced = jitted.trace(x)
    tracers: list[Any] = []

    def keeps(y: jax.Array) -> jax.Array:
        tracers.append(y)
        return (y * 2).sum()

    jax.make_jaxpr(keeps)(x)
    jax.vmap(keeps)(x)
    jax.lax.scan(lambda carry, y: (carry + keeps(y), y), 0.0, x)
    jax.grad(keeps)(x)
    return {
        "array": x, "key": jax.random.key(0), "jitted": jitted, "traced": traced, "lowered": jitted.lower(x),
        "jaxpr": traced.jaxpr, "equations": [[e, e.params] for e in traced.jaxpr.eqns], "tracers": tracers,
        "treedef": jax.tree.structure({"a": 1}), "shape": jax.ShapeDtypeStruct((1,), "float32"),
        "partial of JAX": jax.tree_util.Partial(jnp.add, 1), "update": [x.at, x.at[0]], "finfo": jnp.finfo("float32"),
        "paths": jax.tree_util.tree_leaves_with_path({"a": 1}),
    }  # fmt: skip


def _of_numpy() -> dict[str, Any]:
    return {
        "NumPy array": np.ones(3), "NumPy scalar": np.float32(1), "dtype": np.dtype("float32"),
        "NumPy objects": np.array([None]), "generator of numbers": np.random.default_rng(0), "ndindex": np.ndindex(2),
    }  # fmt: skip


def _errors() -> dict[str, Any]:
    def missing_name() -> object:
        return undefined  # type: ignore[name-defined]  # noqa: F821

    attempts: list[Callable[[], object]] = [
        lambda: jnp.nothing,
        missing_name,
        lambda: 1 / 0,
        lambda: jnp.ones(2) @ jnp.ones(3),
        lambda: jax.jit(lambda y: bool(y))(1.0),
        lambda: __import__("no_such_module"),
        lambda: {}["a"],
        lambda: jax.jit(lambda y: y)("text"),
    ]
    errors: list[BaseException] = []
    for attempt in attempts:
        try:
            attempt()
        except Exception as error:
            errors.append(error)
    assert len(errors) == len(attempts)
    return {"errors": errors}


def _of_threads() -> dict[str, Any]:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: 1)
    return {
        "pool": pool, "future": future, "thread": threading.Thread(target=print),
        "locks": [threading.Lock(), threading.RLock(), threading.Event()],
    }  # fmt: skip


def _of_classes() -> dict[str, Any]:
    @dataclasses.dataclass
    class Record:
        x: int = 0

    class Kind(enum.Enum):
        A = 1

    class Pair(typing.NamedTuple):
        x: int

    class Shape(typing.Protocol):
        x: int

    class Own:
        partial = functools.partialmethod(print)

        @functools.cached_property
        def cached(self) -> int:
            return 1

        @property
        def shown(self) -> int:
            return 1

        def method(self) -> None: ...

    own = Own()
    return {
        "dataclass": [Record, Record()], "enumeration": [Kind, Kind.A], "tuple": [Pair, Pair(1)], "protocol": Shape,
        "class": [Own, own, own.method, super(Own, own)], "descriptors": list(vars(Own).values())[1:-4],
        "namespace": types.SimpleNamespace(a=1), "view": types.MappingProxyType({}), "memory": memoryview(b"a"),
    }  # fmt: skip


def _of_functions() -> dict[str, Any]:
    @contextlib.contextmanager
    def context() -> typing.Iterator[None]:
        yield

    async def coroutine() -> None: ...

    started = coroutine()
    started.close()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("x", stacklevel=1)
    return {
        "function": lambda: 0, "wrapper": functools.wraps(print), "partial": functools.partial(print, 1),
        "cached": functools.lru_cache(lambda: 0), "generator": (i for i in ()), "coroutine": started,
        "contexts": [context, context(), contextlib.nullcontext(), contextlib.suppress(ValueError)],
        "warnings": [caught, warnings.catch_warnings()], "built-in": [len, print, "".join, [].append],
    }  # fmt: skip


def _of_typing() -> dict[str, Any]:
    return {
        "typing": [
            typing.List[int], typing.Optional["int"], typing.TypeVar("T"), typing.NewType("U", int),  # noqa: UP006
            typing.Annotated[int, 1], typing.Callable[[int], int], list[int], int | str,
        ]
    }  # fmt: skip
