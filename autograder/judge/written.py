"""Write arrays and calls as Python that a student can paste: short where the numbers are short."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks import Case
from autograder.tree import Key

DIGITS = 5


def written_call(function: str, case: Case) -> str:
    """Write a call: ``relu(jnp.array([2.0]))``; key words follow as they are."""
    arguments = [_argument(a) for a in case.args] + [f"{name}={value!r}" for name, value in case.static.items()]
    text = f"{function}({', '.join(arguments)})"
    if len(text) <= 80:
        return text
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{function}(\n{lines})"


def written(value: Any) -> str:
    """Write a result: numbers in nested lists, with DIGITS significant digits."""
    if value is None:
        return "None"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(written, value)) + ("," if len(value) == 1 else "") + ")"
    return _numbers(np.asarray(value))


def _argument(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, Key):
        return f"jax.random.wrap_key_data(jnp.array({value.data.tolist()}, jnp.uint32))"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_argument(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_argument, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_argument, value)) + ("," if len(value) == 1 else "") + ")"
    return f"jnp.array({_numbers(np.asarray(value), 'jnp.')})"


def _numbers(array: np.ndarray, prefix: str = "") -> str:
    if array.ndim:
        return "[" + ", ".join(_numbers(row, prefix) for row in array) + "]"
    if array.dtype.kind != "f":
        return str(array.item())
    number = float(array)
    if np.isnan(number):
        return f"{prefix}nan"
    if np.isinf(number):
        return f"{prefix}inf" if number > 0 else f"-{prefix}inf"
    text = f"{number:.{DIGITS}g}"
    return text if any(c in text for c in ".e") else f"{text}.0"
