"""Judge every name and import of a statement by the allow-list."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from autograder.assignment.allowlist import AllowList, Dotted, Verdict
from autograder.submission.screening.class_bodies import check_class_binding
from autograder.submission.screening.class_uses import check_type
from autograder.submission.screening.denylist import (
    Violation,
    check_attribute,
    check_builtin,
    check_node,
    is_dunder,
    machinery,
)
from autograder.submission.screening.dunder_text import check_text
from autograder.submission.screening.name_resolution import TANGLED, NameResolver, absolute
from autograder.submission.screening.plain_uses import check_plain_use
from autograder.submission.screening.scopes import Site
from autograder.submission.screening.top_level import ScreenedStatement
from autograder.submission.screening.unneeded import Removal, inside_of

_LIBRARIES = frozenset(("autograder", "flax", "given", "jax", "jaxlib", "ml_dtypes", "numpy", "optax", "scipy"))


@dataclass(frozen=True)
class Context:
    """What statements are judged by.

    Attributes:
      shadows: (module, name) -> index of the top-level statement that surely binds this name.
      reads_args: whether the submission may take the arguments of an exception out again.
      removed: what is taken out of each statement before it runs, and needs no permission.
      unneeded: by module, the names that only what is taken out reads.
      guarded: of these, the names of functions for which a guarded one stands in.
    """

    allowed: AllowList
    resolver: NameResolver
    shadows: Mapping[tuple[str, str], int]
    reads_args: bool
    removed: Mapping[ScreenedStatement, Sequence[Removal]]
    unneeded: Mapping[str, frozenset[str]]
    guarded: Mapping[str, frozenset[str]]


def reserved_names() -> frozenset[str]:
    """Names that a helper module of a submission cannot take."""
    return _LIBRARIES | sys.stdlib_module_names


def reads_args(site: Site) -> bool:
    """Whether a node reads an attribute named ``args``, or could name it for something that does."""
    node = site.node
    if isinstance(node, ast.MatchClass):
        return "args" in node.kwd_attrs
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "args" in node.value.replace(",", " ").split()
    if isinstance(node, ast.Name) and site.scope.kind == "class":
        return node.id == "args"
    return isinstance(node, ast.Attribute) and node.attr == "args"


def inspect(statement: ScreenedStatement, context: Context) -> Iterator[Violation]:
    """Check all nodes of a statement that are not taken out of it."""
    gone = inside_of(context.removed[statement])
    for site in statement.sites:
        if id(site.node) not in gone:
            for violation in _inspect(site, gone, statement, context):
                yield replace(violation, node=site.node)


def _inspect(site: Site, gone: Set[int], statement: ScreenedStatement, context: Context) -> Iterator[Violation]:
    node = site.node
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _check_import(node, site, statement, context)
    elif isinstance(node, ast.Name | ast.Attribute):
        if not (isinstance(site.parent, ast.Attribute) and isinstance(node.ctx, ast.Load)):
            yield from _check_chain(node, site, gone, statement, context)
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        for path in context.resolver.resolve(node.value, site.scope):
            yield _changes(node.lineno, ".".join(path))
    yield from check_node(site)
    yield from check_class_binding(site)
    yield from check_text(site, statement.parents)


def _check_chain(
    node: ast.Name | ast.Attribute, site: Site, gone: Set[int], statement: ScreenedStatement, context: Context
) -> Iterator[Violation]:
    """Check a name with the attributes that follow it, such as ``jax.nn.relu``."""
    attributes: list[ast.Attribute] = []
    base: ast.expr = node
    while isinstance(base, ast.Attribute) and id(base) not in gone:
        attributes.append(base)
        base = base.value
    targets = context.resolver.resolve(node, site.scope)
    for attribute, outer in zip(attributes, (site.parent, *attributes), strict=False):
        judged = attribute.attr.startswith("_") or attribute.attr == "resize"  # the allow-list does so for libraries
        if not (targets and judged) or is_dunder(attribute.attr):
            yield from check_attribute(attribute, outer, site.scope)
    if not isinstance(base, ast.Name) or id(base) in gone:
        return
    if isinstance(base.ctx, ast.Load):
        index = context.shadows.get((statement.module, base.id), statement.index + 1)
        defined = index < statement.index or (index == statement.index and site.scope.kind != "module")
        yield from check_builtin(base, site, defined)
        home = site.scope.lookup("type")[1] if base.id == "type" else None
        if base.id == "type" and not defined and (home is None or home.kind == "module"):
            if base is node:
                yield from check_type(base, site, statement.parents, context.resolver, context.reads_args)
            else:
                yield machinery(base.lineno, f"type.{attributes[-1].attr}")
    if isinstance(node.ctx, ast.Load):
        also = frozenset(context.allowed.also.get(statement.function, ()))
        for path in sorted(targets):
            yield from _check_use(path, node.lineno, site, also, context)
            yield from check_plain_use(path, site, statement.parents, context.resolver)
    elif isinstance(node, ast.Attribute):
        for path in context.resolver.resolve(node.value, site.scope):
            yield _changes(node.end_lineno or node.lineno, ".".join(path))


def _check_use(path: Dotted, line: int, site: Site, also: frozenset[str], context: Context) -> Iterator[Violation]:
    """Check one meaning of a name that is read."""
    if ".".join(path) in context.resolver.helpers:
        verdict, name = Verdict.MODULE, ".".join(path)
    else:
        verdict, name = context.allowed.judge(path, also, site.annotation)
    if verdict is Verdict.REFUSED:
        yield Violation(line, name, _refusal(name, context.allowed))
    elif verdict is Verdict.MODULE and not _is_alias(site):
        yield Violation(
            line, name, f"The module {name} is used as a value here", f"write {name}.<function> where you need it"
        )


def _is_alias(site: Site) -> bool:
    parent = site.parent
    if isinstance(parent, ast.Expr):
        return True
    if isinstance(parent, ast.Assign):
        return site.scope.kind != "class" and all(isinstance(t, ast.Name) for t in parent.targets)
    return isinstance(parent, ast.AnnAssign) and site.scope.kind != "class" and isinstance(parent.target, ast.Name)


def _changes(line: int, name: str) -> Violation:
    return Violation(line, name, f"{name} may not be changed", "write your own function and call it")


def _refusal(name: str, allowed: AllowList) -> str:
    if name == TANGLED[0]:
        return "A name is reassigned so often here that the import behind it cannot be traced"
    functions = sorted(function for function, names in allowed.also.items() if name in names)
    if functions:
        return f"{name} is allowed in {' and '.join(functions)} only"
    if name.rpartition(".")[2].startswith("_"):
        return f"{name} is private to its library and not allowed"
    return f"{name} is not allowed in this assignment"


def _check_import(
    node: ast.Import | ast.ImportFrom, site: Site, statement: ScreenedStatement, context: Context
) -> Iterator[Violation]:
    allowed, resolver = context.allowed, context.resolver
    if site.scope.kind == "class":
        name = node.names[0].name
        yield Violation(
            node.lineno, name, "An import inside a class body is not allowed", "import at the top of the file"
        )
        return
    base: Dotted | None = ()
    if isinstance(node, ast.ImportFrom):
        if node.module == "__future__" and not node.level:
            return
        base = absolute(node, statement.module, statement.package)
        written = "." * node.level + (node.module or "")
        if base is None or (node.level and base and ".".join(base) not in resolver.helpers):
            message = f"The relative import of {written} matches no file in this submission"
            hint = "check the name of that file, and hand in both files together"
            yield Violation(node.lineno, written, message, hint)
            return
    for alias in node.names:
        path = (*(base or ()), *alias.name.split("."))
        name = ".".join(path)
        if alias.name == "*":
            module = ".".join(base or ())
            if module in resolver.helpers or "*" in allowed.imports.get(module, ()):
                continue
            hint = allowed.hint(module) or f"import the names that you need: from {module} import ..."
            yield Violation(node.lineno, name, f"Importing everything from {module} at once is not allowed", hint, "*")
            continue
        for target in resolver.expand({path}):
            if ".".join(target) in resolver.helpers:
                continue
            verdict, decisive = allowed.judge(target, allowed.in_some_function)
            if verdict is Verdict.REFUSED:
                refused = name if isinstance(node, ast.Import) else decisive
                message, hint = _import_refusal(refused, target[0], allowed)
                bound = alias.asname or alias.name.split(".")[0]
                if bound in context.guarded.get(statement.module, ()):
                    yield Violation(node.lineno, refused, "", alias=alias.name, harmless=True)
                elif bound in context.unneeded.get(statement.module, ()):
                    message, hint = f"What {bound} is imported for is not run during grading, so it was left out", ""
                    yield Violation(node.lineno, refused, message, alias=alias.name, harmless=True)
                else:
                    yield Violation(node.lineno, refused, message, hint, alias=alias.name)


def _import_refusal(name: str, root: str, allowed: AllowList) -> tuple[str, str]:
    """Return the message and the hint for an import that is refused."""
    if root in allowed.roots:
        return _refusal(name, allowed), allowed.hint(name)
    own = f"if you mean your own {root}.py, rename the file: Python has a module named {root}"
    modules = ", ".join(sorted(m for m in allowed.imports if m != "__future__")[:12])
    hint = allowed.hint(name) or (own if root in reserved_names() and root not in _LIBRARIES else "")
    return f"{name} may not be imported in this assignment", hint or f"import one of the allowed modules: {modules}"
