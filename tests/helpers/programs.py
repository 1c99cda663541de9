"""Programs as the sandbox would hand them out, for tests that need no student."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from autograder import tree
from autograder.sandbox.inside.lowering import export_call

X = ["a", [4, 5], "float32"]
SCALAR = ["a", [], "float32"]


def module_of(function: Callable[..., Any], *args: tree.Spec, static: str = "{}", precision: str = "highest") -> bytes:
    """Trace a function the way the sandbox does."""
    call = {"function": "f", "args": list(args or (X,)), "static": static, "vjp": None}
    student = types.SimpleNamespace(f=function)
    return export_call({**call, "precision": precision}, student, None, frozenset())[-1]
