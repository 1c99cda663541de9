"""Refusals within a function: only the statement that breaks a rule is taken out, and what runs does not need it.

A statement at the top of a module that breaks a rule is taken out as a whole.  Within a function a name that nobody
defines stands in its place, so that running into it is an error whose cause is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from autograder.submission.screening.denylist import Violation
from autograder.submission.screening.scopes import Scope, bound_names
from autograder.submission.screening.top_level import ScreenedStatement
from autograder.submission.screening.unneeded import Removal

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_IMPORTS = ast.Import | ast.ImportFrom


def inner_statements(
    statement: ScreenedStatement, violations: Iterable[Violation]
) -> list[tuple[Violation, ast.stmt]] | None:
    """Find the inner statement of each violation; None where one of them costs the whole top-level statement.

    Violations that cost one imported name only have no inner statement.  No two of these lie within each other.
    """
    found: list[tuple[Violation, ast.stmt]] = []
    for violation in violations:
        inner = _innermost(violation.node, statement.parents) if violation.node is not None else None
        if inner is not None:
            found.append((violation, inner))
        elif not violation.alias:
            return None
    chosen = {id(inner) for _, inner in found}
    return [(violation, _outermost(inner, chosen, statement.parents)) for violation, inner in found]


def removal_of(inner: ast.stmt, statement: ScreenedStatement, marker: str) -> Removal:
    """Take out an inner statement; the names that it binds stay bound, so that none of them means a built-in one."""
    raising = f'raise ImportError("left out", name="{marker}")' if isinstance(inner, _IMPORTS) else marker
    bound = _bound(inner, statement)
    return Removal(inner, f"{raising}; {' = '.join(bound)} = None" if bound else raising, told=False)


def _innermost(node: ast.AST, parents: Mapping[int, ast.AST]) -> ast.stmt | None:
    """Return the innermost statement around a node that can be taken out of a function, or out of a ``try``."""
    chosen: ast.stmt | None = None
    tried = False
    while (outer := parents.get(id(node))) is not None:
        tried = tried or isinstance(outer, ast.Try)
        if isinstance(node, ast.stmt):
            chosen = node if chosen is None and _can_go(node, outer) else chosen
            if isinstance(outer, _FUNCTIONS) and chosen is not None:
                return chosen
        if isinstance(outer, ast.ClassDef):
            chosen = None
        node = outer
    return chosen if tried and isinstance(chosen, _IMPORTS) else None


def _can_go(node: ast.stmt, outer: ast.AST) -> bool:
    if isinstance(node, _DEFINITIONS) and node.decorator_list:  # the decorators stand before it
        return False
    if isinstance(outer, ast.If) and isinstance(node, ast.If) and node in outer.orelse:  # perhaps "elif"
        return False
    return not any(isinstance(n, ast.Global | ast.Nonlocal) for n in ast.walk(node))


def _outermost(inner: ast.stmt, chosen: set[int], parents: Mapping[int, ast.AST]) -> ast.stmt:
    node: ast.AST | None = inner
    while node is not None:
        if isinstance(node, ast.stmt) and id(node) in chosen:
            inner = node
        node = parents.get(id(node))
    return inner


def _bound(inner: ast.stmt, statement: ScreenedStatement) -> Sequence[str]:
    """Return the names that a statement binds in the scope where it stands."""
    inside = set(map(id, ast.walk(inner)))
    scope = next(site.scope for site in statement.sites if site.node is inner)
    names: dict[str, None] = {}
    for site in statement.sites:
        if id(site.node) not in inside:
            continue
        if isinstance(site.node, _IMPORTS) and site.scope is scope:
            aliases = (a.asname or a.name.split(".")[0] for a in site.node.names)
            names |= dict.fromkeys(name for name in aliases if name != "*")
        elif site.scope is scope or (isinstance(site.parent, ast.NamedExpr) and _around(site.scope) is scope):
            names |= dict.fromkeys(bound_names(site.node))
    return list(names)


def _around(scope: Scope) -> Scope:
    while scope.kind == "comprehension" and scope.parent is not None:
        scope = scope.parent
    return scope


def needs_nothing(statement: ScreenedStatement, violation: Violation) -> bool:
    """Whether a top-level statement only calls what the allow-list refuses, or prints it: nothing depends on it."""
    first = statement.tree.body[0] if len(statement.tree.body) == 1 and not violation.instead else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Call):
        return False
    function = first.value.func
    prints = isinstance(function, ast.Name) and function.id in ("display", "print")
    return prints or any(node is violation.node for node in ast.walk(function))
