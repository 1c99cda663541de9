"""Run the modules of a submission, one statement at a time."""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import types
from collections.abc import Callable
from typing import Any

from .guards import guards
from .tracing import explain


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Run the submission's modules from text, one top-level statement at a time.

    A statement that raises is reported and passed over, so that the functions around it still exist.
    """

    def __init__(
        self, modules: list[dict[str, Any]], skip: list[list[Any]], internal: list[str], send: Callable[..., None]
    ) -> None:
        self.modules = {m["name"]: m for m in modules}
        self.skip = {(name, index) for name, index in skip}
        self.internal = frozenset(internal)
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
        module.__dict__.update(guards(module, self.modules, self.internal))
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
                failure = explain(error, frozenset({statement["filename"]}))
                self.send({"raised": [module.__name__, index], "message": failure.message, **failure.details})
