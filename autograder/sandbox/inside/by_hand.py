"""The second wall where derivatives are the exercise: automatic differentiation stops working in this process.

The check of the program sees operations that differentiation made, but not a derivative that was recorded and played
back operation by operation.  So differentiation itself is taken away before the first student byte is read: its
tables of rules are emptied, every function of its module refuses, and the sources from which either could be loaded
again are covered.  With no way to start another program, there is no second JAX to ask.

What is left, and is the student's own work however it looks: an engine of their own, be it dual numbers, a copy of
such an engine's source, or the rules of single operations driven by hand.  That *is* the chain rule.  Nor can a wall
here tell a derivative that was taken at home and handed in as code or as a program.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import types
from typing import Any, NoReturn

ENGINE = "jax._src.interpreters.ad"
OTHER_ENGINES = ("jax.experimental.jet",)  # Taylor series: derivatives by another way
# Helpers that an ordinary forward pass uses, and that differentiate nothing.
_HARMLESS = frozenset({"identity", "is_undefined_primal", "instantiate_zeros", "_perm"})
# Modules that are loaded late register rules; they may, in tables that nobody reads any more.
_REGISTER = frozenset({"defbilinear", "defjvp", "defjvp2", "defjvp_zero", "deflinear", "deflinear2"})


class AutodiffRefusedError(TypeError):
    """Student code asked for a derivative that it shall write."""


def refuse_autodiff() -> tuple[str, ...]:
    """Make automatic differentiation refuse in this process, for good.

    Returns:
      The source files to cover, so that it cannot be loaded again.
    """
    engine = importlib.import_module(ENGINE)
    for name, table in vars(engine).items():
        if isinstance(table, dict) and not name.startswith("__"):
            table.clear()
    vars(engine)[_refuse.__name__] = _refuse
    gc.unfreeze()  # what a template has set aside is not listed otherwise
    for function in [f for f in gc.get_objects() if isinstance(f, types.FunctionType) and f.__module__ == ENGINE]:
        if function.__name__ in _REGISTER:
            _replace(function, _ignore)
        elif function.__name__ not in _HARMLESS:
            _replace(function, _ask)
    return tuple(path for name in (ENGINE, *OTHER_ENGINES) for path in _files(name))


def _replace(function: types.FunctionType, by: types.FunctionType | Any) -> None:
    """Put other code into a function itself, so that whoever holds it holds a refusal."""
    function.__code__ = by.__code__.replace(co_freevars=function.__code__.co_freevars)
    function.__defaults__ = function.__kwdefaults__ = None


def _ask(*_: Any, **__: Any) -> NoReturn:
    _refuse()  # looked up in the engine's module, where this code will run


def _ignore(*_: Any, **__: Any) -> None:
    return None


def _refuse() -> NoReturn:
    raise AutodiffRefusedError(
        "automatic differentiation is switched off for functions whose derivative is the exercise: "
        "apply the chain rule yourself"
    )


def _files(module: str) -> list[str]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return []
    cache, name = os.path.dirname(importlib.util.cache_from_source(spec.origin)), module.rpartition(".")[2]
    compiled = os.listdir(cache) if os.path.isdir(cache) else []  # also what other interpreters compiled
    return [spec.origin, *(os.path.join(cache, file) for file in sorted(compiled) if file.startswith(f"{name}."))]
