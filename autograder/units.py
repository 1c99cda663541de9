"""Top-level statements under inspection: reading them, what they surely define, and what is kept of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from autograder.names import Names, absolute
from autograder.results import Finding
from autograder.scopes import Scope, Site, sites
from autograder.statements import Statement, parse
from autograder.submission import Module


@dataclass(eq=False)
class Unit:
    """One top-level statement under inspection."""

    module: str
    package: bool
    index: int
    statement: Statement
    tree: ast.Module
    found: list[Site]
    function: str  # the graded function that this statement defines, if any


def units_of(module: Module, package: bool, names: Names, findings: list[Finding]) -> Iterator[Unit]:
    top = names.tops.setdefault(module.name, Scope("module"))
    for index, statement in enumerate(module.statements):
        tree = parse(statement.source)
        if not isinstance(tree, ast.Module):
            where = f"{statement.filename}, line {statement.line}"
            findings.append(Finding("skipped", where, f"Python cannot read this: {tree.reason}"))
            continue
        function = next(map(_defined, tree.body), "")
        yield Unit(module.name, package, index, statement, tree, sites(tree, top), function)


def _defined(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def never_runs(tree: ast.Module) -> bool:
    """Whether this is a block that does not run when work is graded."""
    node = tree.body[0] if tree.body else None
    if not isinstance(node, ast.If) or node.orelse:
        return False
    test = node.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = [test.left, *test.comparators]
        main = any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
        return main and any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    if isinstance(test, ast.Attribute) and isinstance(test.value, ast.Name):
        return (test.value.id, test.attr) == ("typing", "TYPE_CHECKING")
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def surely_defined(units: Iterable[Unit]) -> dict[tuple[str, str], int]:
    """For each name that a top-level statement surely binds: the index of that statement."""
    bound: dict[tuple[str, str], int] = {}
    deleted: set[tuple[str, str]] = set()
    for unit in units:
        for node in unit.tree.body:
            if _cannot_fail(node) and unit.function:
                bound.setdefault((unit.module, unit.function), unit.index)
        for site in unit.found:
            if isinstance(site.node, ast.Name) and isinstance(site.node.ctx, ast.Del):
                deleted.add((unit.module, site.node.id))
    return {key: index for key, index in bound.items() if key not in deleted}


def _cannot_fail(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        args = node.args
        inputs = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
        evaluated = [*args.defaults, *args.kw_defaults, *(a.annotation for a in inputs), node.returns]
        return not node.decorator_list and all(e is None or isinstance(e, ast.Constant) for e in evaluated)
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.Lambda)


def kept_statement(unit: Unit, dropped: Mapping[Unit, set[str]]) -> Statement | None:
    """Return the statement as it may run: whole, without refused imports, or not at all."""
    refused = dropped.get(unit, set())
    first = unit.tree.body[0] if unit.tree.body else None
    if refused and ("" in refused or not isinstance(first, ast.Import | ast.ImportFrom)):
        return None
    source = unit.statement.source
    for site in reversed(unit.found):
        node = site.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            left = [a for a in node.names if node is not first or a.name not in refused]
            if not left:
                return None
            if len(left) < len(node.names) or (isinstance(node, ast.ImportFrom) and node.level):
                source = _with_import(source, node, left, unit)
    return replace(unit.statement, source=source)


def _with_import(source: str, node: ast.Import | ast.ImportFrom, left: list[ast.alias], unit: Unit) -> str:
    """Write an import anew with the names ``left``, absolute, on as many lines as it had."""
    names = ", ".join(ast.unparse(alias) for alias in left)
    base = absolute(node, unit.module, unit.package) if isinstance(node, ast.ImportFrom) else ()
    blank = "\n" * ((node.end_lineno or node.lineno) - node.lineno)
    if base and names != "*":
        text = f"from {'.'.join(base)} import ({names}{blank})"
    elif base:
        text = f"from {'.'.join(base)} import *"
    else:
        text = f"import {names}" + (f"; ({blank})" if blank else "")
    lines = [line.encode() for line in source.split("\n")]
    before = lines[node.lineno - 1][: node.col_offset]
    after = lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset :]
    lines[node.lineno - 1 : node.end_lineno] = [before + text.encode() + after]
    return b"\n".join(lines).decode()
