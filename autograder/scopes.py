"""Which imports a name of the submission may stand for.

Names are followed through scopes, aliases (``x = jnp``), helper modules and star imports.  Where the
order of execution would decide, every possibility counts: the answer is a set.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Dotted = tuple[str, ...]
TANGLED: Dotted = ("a name that is rebound over and over",)  # stands for "cannot be followed", which nothing allows

_MAX_ROUNDS = 20
_MAX_MEANINGS = 16  # imports that one name may stand for
_MAX_LENGTH = 50
_MAX_EXPANSIONS = 500
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(eq=False)
class Scope:
    """One namespace.  A bound name maps to the imports it may be; none for a value of the student's own."""

    kind: str  # "module", "class", "function" or "comprehension"
    parent: Scope | None = None
    owner: str = ""  # innermost class, whose private names are mangled
    names: dict[str, set[Dotted]] = field(default_factory=dict)
    stars: list[Dotted] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)  # declared "global" or "nonlocal"

    def mangled(self, name: str) -> str:
        owner = self.owner.lstrip("_")
        return f"_{owner}{name}" if owner and name.startswith("__") and not name.endswith("__") else name

    def outer(self) -> Scope | None:
        """Return the next scope in which a name is looked up; class bodies are invisible from inside."""
        scope = self.parent
        while scope is not None and scope.kind == "class":
            scope = scope.parent
        return scope

    def module(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> tuple[set[Dotted], Scope | None]:
        """Return the imports that ``name`` may be here, and the scope that surely binds it."""
        found: set[Dotted] = set()
        scope: Scope | None = self
        while scope is not None:
            declared = scope.elsewhere.get(name)
            if declared == "global":
                scope = scope.module()
            elif declared == "nonlocal":
                scope = scope.outer()
                continue
            if name in scope.names:
                found |= scope.names[name]
                if scope.kind != "class":  # a class body falls through to the globals until it has bound the name
                    return found, scope
            elif scope.kind == "module" and not name.startswith("_") and not hasattr(builtins, name):
                found |= {(*star, name) for star in scope.stars}
            scope = scope.outer()
        return found, None

    def home(self, name: str) -> Scope:
        """Return the scope in which binding ``name`` here takes effect."""
        declared = self.elsewhere.get(name)
        if declared == "global":
            return self.module()
        scope = self
        while declared == "nonlocal" and (scope is self or name not in scope.names):
            outer = scope.outer()
            if outer is None:
                return scope
            scope = outer
        return scope


@dataclass(frozen=True, eq=False)
class Site:
    """One node of the syntax tree, where it stands."""

    node: ast.AST
    parent: ast.AST
    scope: Scope
    annotation: bool = False


def sites(tree: ast.Module, top: Scope) -> list[Site]:
    """List all nodes below ``tree`` with their scopes.  Iterative: depth is the student's choice."""
    found: list[Site] = []
    pending = [Site(node, tree, top) for node in reversed(tree.body)]
    while pending:
        site = pending.pop()
        found.append(site)
        pending.extend(reversed(list(_children(site))))
    return found


def _children(site: Site) -> Iterator[Site]:
    node, scope = site.node, site.scope

    def at(child: ast.AST | None, where: Scope, annotation: bool = site.annotation) -> Iterator[Site]:
        if child is not None:
            yield Site(child, node, where, annotation)

    if isinstance(node, _FUNCTIONS):
        inner = Scope("function", scope, scope.owner)
        for decorator in getattr(node, "decorator_list", ()):
            yield from at(decorator, scope)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            yield from at(default, scope)
        for arg in _arguments(node.args):
            yield Site(arg, node, inner)
            yield from at(arg.annotation, scope, True)
        yield from at(getattr(node, "returns", None), scope, True)
        for statement in [
            *getattr(node, "type_params", ()),
            *(node.body if isinstance(node.body, list) else [node.body]),
        ]:
            yield from at(statement, inner)
    elif isinstance(node, ast.ClassDef):
        inner = Scope("class", scope, node.name)
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            yield from at(outside, scope)
        for statement in [*getattr(node, "type_params", ()), *node.body]:
            yield from at(statement, inner)
    elif isinstance(node, _COMPREHENSIONS):
        inner = Scope("comprehension", scope, scope.owner)
        for number, generator in enumerate(node.generators):
            yield from at(generator.iter, inner if number else scope)
            for part in (generator.target, *generator.ifs):
                yield from at(part, inner)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            yield from at(part, inner)
    elif isinstance(node, ast.AnnAssign):
        yield from at(node.target, scope)
        yield from at(node.annotation, scope, True)
        yield from at(node.value, scope)
    elif not isinstance(node, ast.arg):
        for child in ast.iter_child_nodes(node):
            yield from at(child, scope)


def _arguments(args: ast.arguments) -> Iterable[ast.arg]:
    rest = [a for a in (args.vararg, args.kwarg) if a is not None]
    return (*args.posonlyargs, *args.args, *args.kwonlyargs, *rest)


def bound_names(node: ast.AST) -> list[str]:
    """Names that this node binds, other than through an import."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) or type(node).__name__ in (
        "TypeVar",
        "ParamSpec",
        "TypeVarTuple",
    ):
        name = getattr(node, "name", None)
        return [name] if name else []
    return []


def absolute(node: ast.ImportFrom, module: str, package: bool) -> Dotted | None:
    """Return the absolute module of a ``from`` import, None when it reaches above the submission."""
    named = tuple((node.module or "").split(".")) if node.module else ()
    if not node.level:
        return named
    parts = () if module == "submission" else tuple(module.split("."))
    parts = parts if package or not parts else parts[:-1]
    if node.level - 1 > len(parts):
        return None
    return parts[: len(parts) - (node.level - 1)] + named


def _chain_length(node: ast.expr) -> int:
    length = 0
    while isinstance(node, ast.Attribute):
        node, length = node.value, length + 1
    return length


class Names:
    """The namespaces of all modules of a submission together."""

    def __init__(self, helpers: Collection[str], open_modules: Collection[str]) -> None:
        self.helpers = frozenset(helpers)
        self.open_modules = frozenset(open_modules)  # modules whose star import is followed
        self.tops = {name: Scope("module") for name in helpers}
        self._aliases: dict[tuple[int, int, str], tuple[set[Dotted], ast.expr, Scope]] = {}

    def bind(self, module: str, package: bool, found: Sequence[Site]) -> None:
        """Enter what the nodes of a module bind."""
        for site in found:
            if isinstance(site.node, ast.Global | ast.Nonlocal):
                kind = "global" if isinstance(site.node, ast.Global) else "nonlocal"
                site.scope.elsewhere.update((site.scope.mangled(n), kind) for n in site.node.names)
        for nonlocals in (False, True):  # a nonlocal name belongs where another binding puts it
            for site in found:
                for name, target in self._bindings(site, module, package):
                    scope = site.scope
                    while isinstance(site.parent, ast.NamedExpr) and scope.kind == "comprehension" and scope.parent:
                        scope = scope.parent
                    name = scope.mangled(name)
                    if (scope.elsewhere.get(name) == "nonlocal") == nonlocals:
                        targets = scope.home(name).names.setdefault(name, set())
                        if isinstance(target, tuple):
                            targets.add(target)
                        elif target is not None:
                            written = ast.unparse(target) if _chain_length(target) < _MAX_LENGTH else "..."
                            self._aliases[id(targets), id(site.scope), written] = targets, target, site.scope

    def _bindings(self, site: Site, module: str, package: bool) -> Iterator[tuple[str, Dotted | ast.expr | None]]:
        node, parent = site.node, site.parent
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = tuple(alias.name.split("."))
                yield (alias.asname, path) if alias.asname else (path[0], path[:1])
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module, package)
            for alias in node.names if base is not None else ():
                if alias.name != "*":
                    yield alias.asname or alias.name, (*(base or ()), alias.name)
                elif ".".join(base or ()) in self.open_modules | self.helpers:
                    site.scope.stars.append(base or ())
        else:
            value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) else None
            simple = isinstance(node, ast.Name) and value is not node and isinstance(value, ast.Name | ast.Attribute)
            for name in bound_names(node):
                yield name, value if simple else None

    def settle(self) -> None:
        """Follow aliases of aliases until nothing new appears."""
        aliases = list(self._aliases.values())
        for _ in range(_MAX_ROUNDS):
            changed = False
            for targets, value, scope in aliases:
                new = self.raw(value, scope) - targets
                if new and TANGLED not in targets:
                    changed = True
                    targets |= {TANGLED} if len(targets | new) > _MAX_MEANINGS else new
            if not changed:
                return
            aliases.reverse()  # a chain is written either forwards or backwards
        for targets, _, _ in aliases:
            targets.add(TANGLED)

    def raw(self, node: ast.expr, scope: Scope) -> set[Dotted]:
        """Resolve a name or a chain of attributes, without looking into helper modules."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return set()
        found, _ = scope.lookup(scope.mangled(node.id))
        paths = {start if start == TANGLED else (*start, *reversed(attributes)) for start in found}
        return {path if len(path) <= _MAX_LENGTH else TANGLED for path in paths}

    def resolve(self, node: ast.expr, scope: Scope) -> set[Dotted]:
        """Resolve a name or a chain of attributes to library names and helper modules."""
        return self.expand(self.raw(node, scope))

    def expand(self, found: Iterable[Dotted]) -> set[Dotted]:
        """Replace names of helper modules by what they are there; the student's own values drop out."""
        out: set[Dotted] = set()
        pending, seen = list(found), set[Dotted]()
        while pending:
            path = pending.pop()
            if path in seen:
                continue
            seen.add(path)
            if len(seen) > _MAX_EXPANSIONS:
                return {TANGLED}
            prefixes = [n for n in range(1, len(path) + 1) if ".".join(path[:n]) in self.helpers]
            if not prefixes or prefixes[-1] == len(path):
                out.add(path)
            for n in prefixes:
                top, rest = self.tops[".".join(path[:n])], path[n:]
                if rest and rest[0] in top.names:
                    pending.extend((*target, *rest[1:]) for target in top.names[rest[0]])
                elif rest:
                    pending.extend((*star, *rest) for star in top.stars)
        return out
