"""Which imports a name of the submission may stand for.

Names are followed through scopes, aliases (``x = jnp``), helper modules and star imports.  Where the
order of execution would decide, every possibility counts: the answer is a set.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence

from autograder.scopes import Dotted, Scope, Site, bound_names

TANGLED: Dotted = ("a name that is rebound over and over",)  # stands for "cannot be followed", which nothing allows

_MAX_ROUNDS = 20
_MAX_MEANINGS = 16  # imports that one name may stand for
_MAX_LENGTH = 50
_MAX_EXPANSIONS = 500


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

    def __init__(self, helpers: Collection[str], modules: Collection[str], open_modules: Collection[str]) -> None:
        self.helpers = frozenset(helpers)
        self.modules = frozenset(modules)  # what is known to be a module; attributes of others are followed no further
        self.open_modules = frozenset(open_modules) | self.helpers  # modules whose star import is followed
        self._roots = {name.split(".")[0] for name in helpers}
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
                elif ".".join(base or ()) in self.open_modules:
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
                new = {path for path in self.raw(value, scope) if self._matters(path, value)} - targets
                if new and TANGLED not in targets:
                    changed = True
                    targets |= {TANGLED} if len(targets | new) > _MAX_MEANINGS else new
            if not changed:
                return
            aliases.reverse()  # a chain is written either forwards or backwards
        for targets, _, _ in aliases:
            targets.add(TANGLED)

    def _matters(self, path: Dotted, value: ast.expr) -> bool:
        """Whether to follow an alias: not the attributes of what is no module, as in ``x = x.T``."""
        start = path[: len(path) - _chain_length(value)]
        known = path == TANGLED or isinstance(value, ast.Name) or start[0] in self._roots
        return known or ".".join(start) in self.modules

    def raw(self, node: ast.expr, scope: Scope) -> set[Dotted]:
        """Resolve a name or a chain of attributes, without looking into helper modules."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return set()
        found, _ = scope.lookup(scope.mangled(node.id))
        if TANGLED in found:
            return {TANGLED}
        paths = {(*start, *reversed(attributes)) for start in found}
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
