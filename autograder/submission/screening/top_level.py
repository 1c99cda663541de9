"""Top-level statements under inspection: reading them, and what they surely define."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.results import Finding
from autograder.submission.read import Module
from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Scope, Site, sites
from autograder.submission.statements import Statement, parse


@dataclass(eq=False)
class ScreenedStatement:
    """One top-level statement under inspection.

    Attributes:
      module: import name of its module.
      package: whether this module is a package.
      index: position in the module.
      original: the statement as it was handed in.
      sites: all nodes of ``tree``, each with its scope.
      function: the name that the statement defines, if any: perhaps a graded function.
    """

    module: str
    package: bool
    index: int
    original: Statement
    tree: ast.Module
    sites: list[Site]
    function: str

    @cached_property
    def parents(self) -> Mapping[int, ast.AST]:
        """The node around each node, by the id of the inner one."""
        return {id(site.node): site.parent for site in self.sites}


def read_statements(
    module: Module, package: bool, resolver: NameResolver, findings: list[Finding]
) -> Iterator[ScreenedStatement]:
    """Parse the statements of a module; report those that Python cannot read in ``findings``."""
    top = resolver.tops.setdefault(module.name, Scope("module"))
    for index, statement in enumerate(module.statements):
        tree = parse(statement.source)
        if not isinstance(tree, ast.Module):
            where = f"{statement.filename}, line {statement.line}"
            findings.append(Finding("skipped", where, f"Python cannot read this: {tree.reason}"))
            continue
        function = next(map(_defined, tree.body), "")
        yield ScreenedStatement(module.name, package, index, statement, tree, sites(tree, top), function)


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


def surely_defined(statements: Iterable[ScreenedStatement]) -> dict[tuple[str, str], int]:
    """For each name that a top-level statement surely binds: the index of that statement."""
    bound: dict[tuple[str, str], int] = {}
    deleted: set[tuple[str, str]] = set()
    for statement in statements:
        for node in statement.tree.body:
            if _cannot_fail(node) and statement.function:
                bound.setdefault((statement.module, statement.function), statement.index)
        for site in statement.sites:
            if isinstance(site.node, ast.Name) and isinstance(site.node.ctx, ast.Del):
                deleted.add((statement.module, site.node.id))
    return {key: index for key, index in bound.items() if key not in deleted}


def _cannot_fail(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        evaluated = [*node.args.defaults, *node.args.kw_defaults]  # annotations are taken out
        return not node.decorator_list and all(e is None or isinstance(e, ast.Constant) for e in evaluated)
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.Lambda)
