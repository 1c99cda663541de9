"""Nested containers of arrays, without JAX.

A *spec* describes a tree in JSON: ``["d", [[key, spec], ...]]`` dict (keys sorted, as JAX does),
``["l", [...]]`` list, ``["t", [...]]`` tuple, ``["n"]`` None, ``["k"]`` PRNG key (uint32 data of shape
(2,)), ``["a", shape, dtype]`` array.  The tracer speaks the same language on its side of the boundary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Key:
    """A typed PRNG key (threefry) among the arguments of a case; ``data`` is uint32 of shape (2,)."""

    data: np.ndarray


Spec = list[Any]


def flatten(tree: Any) -> tuple[list[np.ndarray], Spec]:
    """Split a tree into its leaves (NumPy arrays) and its spec."""
    leaves: list[np.ndarray] = []
    return leaves, _describe(tree, leaves)


def unflatten(spec: Spec, leaves: Iterator[np.ndarray]) -> Any:
    """Build the tree that ``spec`` describes from ``leaves``, in order."""
    kind = spec[0]
    if kind == "d":
        return {k: unflatten(s, leaves) for k, s in spec[1]}
    if kind == "l":
        return [unflatten(s, leaves) for s in spec[1]]
    if kind == "t":
        return tuple(unflatten(s, leaves) for s in spec[1])
    return None if kind == "n" else next(leaves)


def leaf_specs(spec: Spec) -> list[Spec]:
    """List the array and key specs of a tree in flattening order."""
    if spec[0] == "d":
        return [leaf for _, s in spec[1] for leaf in leaf_specs(s)]
    if spec[0] in "lt":
        return [leaf for s in spec[1] for leaf in leaf_specs(s)]
    return [] if spec[0] == "n" else [spec]


def paths(spec: Spec, prefix: str = "") -> list[str]:
    """Name every leaf the way Python would reach it: ``[0]["w"]``."""
    if spec[0] == "d":
        return [p for k, s in spec[1] for p in paths(s, f"{prefix}[{k!r}]")]
    if spec[0] in "lt":
        return [p for i, s in enumerate(spec[1]) for p in paths(s, f"{prefix}[{i}]")]
    return [] if spec[0] == "n" else [prefix]


def show(spec: Spec, limit: int = 400) -> str:
    """Write a spec the way a person would: ``({'b': float32(3), 'w': float32(5, 3)}, int32())``."""
    text = _show(spec)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def matches(expected: Spec, actual: Spec) -> bool:
    """Same structure, shapes and dtypes; list and tuple are interchangeable."""
    return bool(_loose(expected) == _loose(actual))


def same_structure(expected: Spec, actual: Spec) -> bool:
    """Same containers and keys, whatever the shapes and dtypes."""
    return bool(_loose(expected, leaves=False) == _loose(actual, leaves=False))


def shape_of(spec: Spec) -> tuple[int, ...]:
    return (2,) if spec[0] == "k" else tuple(spec[1])


def dtype_of(spec: Spec) -> str:
    return "uint32" if spec[0] == "k" else str(spec[2])


def _describe(tree: Any, leaves: list[np.ndarray]) -> Spec:
    if tree is None:
        return ["n"]
    if isinstance(tree, dict):
        return ["d", [[k, _describe(tree[k], leaves)] for k in sorted(tree)]]
    if isinstance(tree, list):
        return ["l", [_describe(v, leaves) for v in tree]]
    if isinstance(tree, tuple):
        return ["t", [_describe(v, leaves) for v in tree]]
    if isinstance(tree, Key):
        leaves.append(tree.data)
        return ["k"]
    array = np.asarray(tree)
    leaves.append(array)
    return ["a", list(array.shape), str(array.dtype)]


def _show(spec: Spec) -> str:
    kind = spec[0]
    if kind == "d":
        return "{" + ", ".join(f"{k!r}: {_show(s)}" for k, s in spec[1]) + "}"
    if kind == "l":
        return "[" + ", ".join(_show(s) for s in spec[1]) + "]"
    if kind == "t":
        return "(" + ", ".join(_show(s) for s in spec[1]) + ("," if len(spec[1]) == 1 else "") + ")"
    if kind == "n":
        return "None"
    if kind == "k":
        return "key"
    return f"{spec[2]}({', '.join(str(n) for n in spec[1])})"


def _loose(spec: Spec, leaves: bool = True) -> Any:
    if spec[0] == "d":
        return "d", tuple((k, _loose(s, leaves)) for k, s in spec[1])
    if spec[0] in "lt":
        return "t", tuple(_loose(s, leaves) for s in spec[1])
    if spec[0] == "n":
        return "n"
    return (spec[0], shape_of(spec), dtype_of(spec)) if leaves else "leaf"
