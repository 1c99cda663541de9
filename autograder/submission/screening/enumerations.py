"""When an enumeration is a plain one: it has members, so that calling it makes no class of data."""

from __future__ import annotations

import ast
import functools

from autograder.submission.screening.class_bodies import written_names
from autograder.submission.screening.class_uses import Use, is_inert
from autograder.submission.screening.scopes import Scope, bound_names, in_class_scope

_MAX_CLASSES = 50  # of the submission, behind one member of an enumeration


def is_enumeration(use: Use) -> bool:
    """Whether an enumeration has members: one without makes classes from (name, namespace)."""
    outer, call = use.around[0], use.call
    if isinstance(outer, ast.ClassDef) and use.is_base():
        return use.resolver.once(("members", id(outer)), lambda: _has_members(outer, use))
    if call is not None:
        return len(call.args) == 2 and not call.keywords and written_names(call.args[1])
    return is_inert(use)


def _has_members(node: ast.ClassDef, use: Use) -> bool:
    deleted = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    assigned = [s for s in node.body if isinstance(s, ast.Assign) and len(s.targets) == 1]
    members = [s for s in assigned if isinstance(s.targets[0], ast.Name) and s.targets[0].id not in deleted]
    return any(getattr(s.targets[0], "id", "_")[0] != "_" and _is_no_descriptor(s.value, use) for s in members)


def _is_no_descriptor(value: ast.expr, use: Use) -> bool:
    """Whether a value in the body of an enumeration surely becomes a member: functions and properties do not."""
    pending = [value]
    while pending:  # sums may be nested deeper than any stack
        node = pending.pop()
        if isinstance(node, ast.BinOp):
            pending += [node.left, node.right]
        elif isinstance(node, ast.UnaryOp):
            pending.append(node.operand)
        elif not _is_no_descriptor_itself(node, use):
            return False
    return True


def _is_no_descriptor_itself(node: ast.expr, use: Use) -> bool:
    scope = use.site.scope
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        own = use.resolver.once(("plain", name, id(scope)), lambda: _makes_plain_objects(name, use, scope))
        return own or use.means(node.func, scope, "enum.auto")
    return isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Dict)


def _binds_new(node: ast.ClassDef) -> bool:
    return any("__new__" in bound_names(inner) for inner in in_class_scope(node.body))


def _makes_plain_objects(name: str, use: Use, scope: Scope) -> bool:
    """Whether a name can only be a class of the submission whose objects are no descriptors."""
    pending, seen = [(name, scope)], set[tuple[str, int]]()
    while pending:
        name, scope = pending.pop()
        home = scope.lookup(name)[1]
        if home is None or scope.bound_as(name) != {"class"}:
            return False
        if (name, id(home)) in seen:
            continue
        seen.add((name, id(home)))
        definitions = home.classes.get(name, [])
        if len(seen) + len(definitions) > _MAX_CLASSES:
            return False
        for node in definitions:
            decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
            if not all(use.means(d, home, "dataclasses.dataclass") for d in decorators):
                return False
            if use.resolver.once(("new", id(node)), functools.partial(_binds_new, node)):
                return False
            bases = [base for base in node.bases if not use.means(base, home, "abc.ABC")]
            if not all(isinstance(base, ast.Name) for base in bases):
                return False
            pending += [(base.id, home) for base in bases if isinstance(base, ast.Name)]
    return True
