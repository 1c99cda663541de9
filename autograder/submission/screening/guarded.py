"""Names that find attributes by name: a guarded function stands in for each of them (see ``sandbox/inside/guards.py``).

The screen reads names; ``getattr(layer, name)`` has none to read.  The guard refuses at run time what the screen would.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Site

_BUILTINS = ("getattr", "globals", "setattr", "vars")
_IMPORTED = {"dataclasses.fields": "fields", "functools.singledispatch": "singledispatch"}

_NAMESPACE = "types.SimpleNamespace"


def guarded(site: Site, resolver: NameResolver, parents: Mapping[int, ast.AST]) -> str | None:
    """Return the text that stands in for a node; None where nothing does."""
    node = site.node
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load) or site.annotation:
        return None
    name = _guarded_name(node, site, resolver)
    return None if name is None or _in_format(node, parents) else name


def _guarded_name(node: ast.Name | ast.Attribute, site: Site, resolver: NameResolver) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        plain = isinstance(node.value, ast.Name) and not resolver.resolve(node.value, site.scope)
        return f"__guarded_vars__({node.value.id})" if plain and isinstance(node.value, ast.Name) else None
    if isinstance(node, ast.Name) and node.id in _BUILTINS:
        imports, home = site.scope.lookup(node.id)
        return None if imports or home is not None else f"__guarded_{node.id}__"
    if _takes_a_dict(site) and {".".join(path) for path in resolver.resolve(node, site.scope)} == {_NAMESPACE}:
        return "__guarded_namespace__"
    names = {_IMPORTED.get(".".join(path)) for path in resolver.resolve(node, site.scope)}
    name = names.pop() if len(names) == 1 else None
    return f"__guarded_{name}__" if name and not isinstance(site.parent, ast.Attribute) else None


def _takes_a_dict(site: Site) -> bool:
    """Whether a node is called with ``**``."""
    call = site.parent
    return isinstance(call, ast.Call) and call.func is site.node and any(k.arg is None for k in call.keywords)


def _in_format(node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    """Whether a node lies in an f-string: before Python 3.12 it does not know where."""
    outer = parents.get(id(node))
    while outer is not None:
        if isinstance(outer, ast.JoinedStr):
            return True
        outer = parents.get(id(outer))
    return False
