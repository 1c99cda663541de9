"""Formulas in the plain notation of the course notes, evaluated with the names of numpy and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import numpy as np

Value = float | np.ndarray

_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Load, ast.Constant,
    ast.BoolOp, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Attribute,
)  # fmt: skip
_NAMES: dict[str, object] = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "cos": np.cos, "sin": np.sin, "pi": np.pi,
    "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "sum": np.sum, "norm": np.linalg.norm,
    "min": lambda *a: np.min(a[0]) if len(a) == 1 else np.minimum(*a),
    "max": lambda *a: np.max(a[0]) if len(a) == 1 else np.maximum(*a),
    "mean_of": np.mean,
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
}  # fmt: skip


def evaluate(expression: str, names: Mapping[str, object]) -> Value:
    """The value of a formula's right side in the plain notation of the notes; only known names, nothing else.

    Raises:
      SyntaxError, ValueError: It is no expression of that notation.
    """
    code = expression.replace("^", "**")
    code = re.sub(r"\s+for t < W$", "", code)
    code = re.sub(r"^(.*?) if (.*?), otherwise (.*)$", r"(\1) if (\2) else (\3)", code)
    code = _spelled_out(code, names)
    for word, call in (("sum_i ", "sum"), ("sum_n ", "sum"), ("sum of ", "sum"), ("mean of ", "mean_of")):
        while word in code:
            code = _closed(code, word, call)
    code = re.sub(r"\b(max|min)_i (\w+)", r"\1(\2)", code)
    tree = ast.parse(code.strip(), mode="eval")
    for node in ast.walk(tree):
        if not isinstance(node, _NODES) or (isinstance(node, ast.Attribute) and node.attr != "T"):
            raise ValueError(f"{type(node).__name__} in {expression!r}")
    value: Value = eval(compile(tree, "formula", "eval"), {"__builtins__": {}}, {**_NAMES, **names})
    return value


def _spelled_out(code: str, names: Mapping[str, object]) -> str:
    """``exp(z_1) + ... + exp(z_K)`` as a sum over the array z."""
    match = re.search(r"(\w*\(?)(\w)_1(\)?) \+ \.\.\. \+ \1\2_\w\3", code)
    return code.replace(match[0], f"sum({match[1]}{match[2]}{match[3]})") if match else code


def _closed(code: str, word: str, call: str) -> str:
    """A sum or mean as a call: up to the next plus or minus outside brackets, or the bracket that closes around it."""
    start = code.index(word)
    depth, end = 0, start + len(word)
    while end < len(code):
        depth += (code[end] == "(") - (code[end] == ")")
        if depth < 0 or (depth == 0 and code[end : end + 3] in (" + ", " - ")):
            break
        end += 1
    return f"{code[:start]}{call}({code[start + len(word) : end]}){code[end:]}"
