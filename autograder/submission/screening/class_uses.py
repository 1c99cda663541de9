"""Where a class that makes other classes, or gives access to memory, may stand.

A class of classes makes one from (name, bases, namespace), where the namespace is data: with it, any special attribute
could be set.  So ``type`` is for comparisons and messages, and what ``type(x)`` returns is compared, shown or called on
the spot, never kept.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.submission.screening.denylist import Violation, builds_no_class
from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Scope, Site

_INERT_CALLS = ("hash", "id", "isinstance", "issubclass", "print", "repr", "str")  # they keep no class they are given
_DEPTH = 8  # nodes around a name that are looked at
_CONTAINERS = ("dict", "list", "set", "tuple", "frozenset")


@dataclass(frozen=True)
class Use:
    """One name where it is read.

    Attributes:
      node: the name, with its attributes.
      around: the nodes around it, from the inside out.
    """

    node: ast.expr
    around: Sequence[ast.AST]
    site: Site
    resolver: NameResolver

    @property
    def call(self) -> ast.Call | None:
        """The call of this name, if it is called where it stands."""
        outer = self.around[0]
        return outer if isinstance(outer, ast.Call) and outer.func is self.node else None

    def among(self, node: ast.AST, listed: Sequence[ast.AST]) -> bool:
        """Whether a node is one of those that stand in a list of the syntax tree."""
        return id(node) in self.resolver.once(("among", id(listed)), lambda: frozenset(map(id, listed)))

    def is_base(self) -> bool:
        """Whether a class of the submission inherits from this name, where it stands."""
        outer = self.around[0]
        return isinstance(outer, ast.ClassDef) and self.among(self.node, outer.bases)

    def means(self, node: ast.expr, scope: Scope, *names: str) -> bool:
        """Whether an expression can be nothing but an import with one of these names."""
        found = {".".join(path) for path in self.resolver.raw(node, scope)}
        return self.is_library(node, scope) and found <= set(names)

    def is_library(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression surely names something of a library, by no other module of the submission."""
        base = node
        while isinstance(base, ast.Attribute):
            base = base.value
        only = isinstance(base, ast.Name) and scope.bound_as(base.id) == {"import"}
        paths = self.resolver.raw(node, scope)
        return only and bool(paths) and not any(self.resolver.is_own(path) for path in paths)

    def bound_as(self, name: str) -> set[str]:
        """Return what may bind a name here; nothing for one that is surely built in."""
        scope = self.site.scope
        return scope.bound_as(name) | ({"import"} if self.resolver.raw(ast.Name(name, ast.Load()), scope) else set())

    def is_class(self, node: ast.expr) -> bool:
        """Whether an expression is surely a class or a constant: nothing that a comparison could be given away to."""
        scope = self.site.scope
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return all(map(self.is_class, node.elts))
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id == "type" and not self.bound_as("type")
        if isinstance(node, ast.Name) and scope.bound_as(node.id) == {"class"}:
            return True
        builtin = isinstance(node, ast.Name) and not self.bound_as(node.id) and hasattr(builtins, node.id)
        return builtin or isinstance(node, ast.Constant) or self.is_library(node, scope)


def check_type(
    node: ast.Name, site: Site, parents: Mapping[int, ast.AST], resolver: NameResolver, reads_args: bool
) -> Iterator[Violation]:
    """Check a use of the built-in ``type``: it makes classes, and so do the classes that it returns.

    ``reads_args``: the submission may take the arguments of an exception out again.
    """
    use = use_of(node, site, parents, resolver)
    call = use.call
    if call is None:
        plain = is_inert(use)
    elif len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        yield Violation(node.lineno, "type", "type() with a name and bases is not allowed", "write a class statement")
        return
    elif isinstance(call.args[0], ast.Constant):  # type(None)
        plain = True
    else:
        outer = Use(call, use.around[1:], site, resolver)
        plain = _keeps_no_class(outer) or (_is_message(outer) and not reads_args)
    if not plain:
        yield Violation(node.lineno, "type", "type() is allowed in comparisons and messages only",
                        "isinstance(x, ...), type(x).__name__, or call the class by its name")  # fmt: skip


def use_of(node: ast.expr, site: Site, parents: Mapping[int, ast.AST], resolver: NameResolver) -> Use:
    """Describe where a name stands.  ``parents``: id of a node -> the node around it."""
    around: list[ast.AST] = [site.parent]
    while len(around) < _DEPTH and id(around[-1]) in parents:
        around.append(parents[id(around[-1])])
    return Use(node, around + [ast.Module([], [])] * (_DEPTH - len(around)), site, resolver)


def _keeps_no_class(use: Use) -> bool:
    """Whether a class is compared, shown or called where it stands."""
    outer, next_outer = use.around[0], use.around[1]
    if isinstance(outer, ast.Attribute):
        return not outer.attr.startswith("__") or outer.attr in ("__name__", "__qualname__")
    if isinstance(outer, ast.Call) and outer.func is use.node:
        return builds_no_class(outer)
    if isinstance(outer, ast.Tuple) and isinstance(next_outer, ast.BinOp):
        outer = next_outer
    if isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Mod):
        return isinstance(outer.left, ast.Constant) and isinstance(outer.left.value, str)
    formats = isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute) and outer.func.attr == "format"
    if formats and isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute):
        return isinstance(outer.func.value, ast.Constant)
    return isinstance(outer, ast.FormattedValue | ast.Expr) or is_inert(use)


def _is_message(use: Use) -> bool:
    """Whether a value is the message of an assertion, or an argument of the exception that is raised here."""
    outer, next_outer = use.around[0], use.around[1]
    raised = isinstance(next_outer, ast.Raise) and isinstance(outer, ast.Call) and use.among(use.node, outer.args)
    if raised and isinstance(outer, ast.Call):  # errors that keep their arguments in args, and nowhere else
        name = outer.func.id if isinstance(outer.func, ast.Name) else ""
        return name in ("TypeError", "ValueError", "RuntimeError") and not use.bound_as(name)
    return isinstance(outer, ast.Assert) and outer.msg is use.node


def _annotates(use: Use) -> bool:
    """Whether nothing of the submission's own is given the class while the annotation around it is evaluated."""
    node: ast.AST = use.node
    for outer in use.around:
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.AnnAssign):
            return True
        if isinstance(outer, ast.Subscript):
            if outer.value is not node and not _is_generic(outer.value, use):
                return False
        elif isinstance(outer, ast.BinOp):
            sides = [side for side in (outer.left, outer.right) if side is not node]
            if not all(use.is_class(side) or _is_generic(getattr(side, "value", side), use) for side in sides):
                return False
        elif not isinstance(outer, ast.Tuple | ast.List):
            return False
        node = outer
    return False


def _is_generic(node: ast.expr, use: Use) -> bool:
    builtin = isinstance(node, ast.Name) and node.id in (*_CONTAINERS, "type") and not use.bound_as(node.id)
    return builtin or use.is_library(node, use.site.scope)


def is_inert(use: Use) -> bool:
    """Whether a class stands in an annotation, in isinstance() or the like, or in a comparison with other classes."""
    outer, next_outer = use.around[0], use.around[1]
    if use.site.annotation:
        return _annotates(use)
    if isinstance(outer, ast.Tuple) and isinstance(next_outer, ast.Call):
        outer = next_outer
    if isinstance(outer, ast.Call):
        name = outer.func.id if isinstance(outer.func, ast.Name) else ""
        return outer.func is not use.node and name in _INERT_CALLS and not use.bound_as(name)
    if isinstance(outer, ast.MatchClass):
        return outer.cls is use.node
    if isinstance(outer, ast.Compare):
        others = use.resolver.once(("others", id(outer), id(use.site.scope)), lambda: _other_sides(outer, use))
        return all(side is use.node for side in others)
    return False


def _other_sides(node: ast.Compare, use: Use) -> list[ast.expr]:
    """The sides of a comparison that a class may be given away to: none where identities are compared."""
    if all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
        return []
    return [side for side in (node.left, *node.comparators) if not use.is_class(side)][:2]


def is_named(use: Use) -> bool:
    """Whether a class that makes dangerous instances is only named: never called, inherited from or passed on."""
    outer, next_outer = use.around[0], use.around[1]
    if isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.BitOr):
        return all(use.is_class(side) for side in (outer.left, outer.right) if side is not use.node)
    if isinstance(outer, ast.Tuple):
        outer = next_outer
    if isinstance(outer, ast.Subscript) and outer.value is not use.node:
        base = outer.value
        builtin = isinstance(base, ast.Name) and base.id in _CONTAINERS and not use.bound_as(base.id)
        names = ("Dict", "List", "Tuple", "Sequence", "Mapping", "Iterable", "Iterator", "Callable")
        return builtin or use.means(base, use.site.scope, *(f"typing.{name}" for name in names))
    alias = isinstance(outer, ast.Assign) and all(isinstance(target, ast.Name) for target in outer.targets)
    return (alias and use.site.scope.kind != "class") or isinstance(outer, ast.Expr) or is_inert(use)
