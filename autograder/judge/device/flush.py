"""Make a module flush subnormal numbers to zero, as compiled programs do: the interpreter keeps them.

A softmax whose largest exponential is 1e-40 divides by zero in a compiled program, at home and here; in the interpreter
it would not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

# What makes tiny numbers of ordinary ones.  A difference of two numbers that are not tiny is zero or not tiny, almost.
_SHRINKING = frozenset(
    f"stablehlo.{name}"
    for name in "convolution divide dot_general exponential exponential_minus_one logistic multiply power".split()
)


def flush_array(array: np.ndarray) -> np.ndarray:
    """Return a floating array with zeros in place of its subnormal numbers; others as they are."""
    if array.dtype.name not in ("float32", "float64"):
        return array
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, np.zeros_like(array), array)


def flush_module(module: Any) -> bool:
    """Flush what operations make that can make subnormal numbers of normal ones; changes the module in place.

    Returns:
      Whether that is all: constants that are subnormal themselves are left.
    """
    found: list[Any] = []
    clean = True

    def look(operation: Any) -> Any:
        nonlocal clean
        if operation.name in _SHRINKING and str(_element(operation.results[0])) in ("f32", "f64"):
            found.append(operation)
        if operation.name == "stablehlo.constant" and str(_element(operation.results[0])) in ("f32", "f64"):
            value = np.asarray(operation.attributes["value"])
            clean &= not bool(((value != 0) & (np.abs(value) < np.finfo(value.dtype).tiny)).any())
        return ir.WalkResult.ADVANCE

    module.operation.walk(look)
    for operation in found:
        _flush(operation)
    return clean


def _flush(operation: Any) -> None:
    (value,) = operation.results
    element = _element(value)
    least = float(np.finfo(np.float32 if str(element) == "f32" else np.float64).tiny)
    with ir.InsertionPoint.after(operation):
        size = stablehlo.abs(value)
        tiny = stablehlo.compare(size, _constant(value, least), stablehlo.ComparisonDirectionAttr.get("LT"))
        flushed = stablehlo.select(tiny, _constant(value, 0.0), value)
    value.replace_all_uses_except(flushed, [size.owner.operation, flushed.owner.operation])


def _constant(like: Any, number: float) -> Any:
    return stablehlo.constant(ir.DenseElementsAttr.get_splat(like.type, ir.FloatAttr.get(_element(like), number)))


def _element(value: Any) -> Any:
    kind = value.type
    return kind.element_type if isinstance(kind, ir.RankedTensorType) else kind
