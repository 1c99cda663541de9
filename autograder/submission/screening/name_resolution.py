"""Find the imports that a name of the submission may stand for.

Names are followed through scopes, aliases (``x = jnp``), helper modules and star imports.  Where the
order of execution would decide, every possibility counts: the answer is a set.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from autograder.assignment.allowlist import Dotted
from autograder.submission.screening.scopes import Scope, Site, bound_names

Answer = TypeVar("Answer")

TANGLED: Dotted = ("a name that is rebound over and over",)  # cannot be followed; no allow-list contains it

_MAX_ROUNDS = 20
_MAX_MEANINGS = 16  # imports behind one name
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


def _dotted(node: ast.expr) -> str:
    """Write a name with its attributes as it stands in the source; empty for an expression of another kind.

    Other expressions stand for no import, and may be nested deeper than any stack.
    """
    if _chain_length(node) >= _MAX_LENGTH:
        return "..."
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _kind(node: ast.AST, target: Dotted | ast.expr | None) -> str:
    """Say what binds a name; an alias may always be a value."""
    if isinstance(node, ast.ClassDef):
        return "class"
    return "import" if isinstance(target, tuple) else "value"


class NameResolver:
    """The namespaces of all modules of a submission together.

    Usage: :meth:`bind` the nodes of each module, :meth:`settle` once, then :meth:`resolve`.
    """

    def __init__(self, helpers: Collection[str], modules: Collection[str], open_modules: Collection[str]) -> None:
        self.helpers = frozenset(helpers)
        self.modules = frozenset(modules)  # known modules; attributes of other values are followed no further
        self.open_modules = frozenset(open_modules) | self.helpers  # modules whose star import is followed
        self._roots = {name.split(".")[0] for name in helpers}
        self.tops = {name: Scope("module") for name in helpers}
        self._known: dict[Hashable, Any] = {}
        self._aliases: dict[tuple[int, int, str], tuple[set[Dotted], ast.expr, Scope]] = {}

    def once(self, question: Hashable, find: Callable[[], Answer]) -> Answer:
        """Return what ``find`` answers, found once: many uses of one name may ask the same of a long statement."""
        if question not in self._known:
            self._known[question] = find()
        answer: Answer = self._known[question]
        return answer

    def bind(self, module: str, package: bool, sites: Sequence[Site]) -> None:
        """Enter the names that the nodes of a module bind."""
        for site in sites:
            if isinstance(site.node, ast.Global | ast.Nonlocal):
                kind = "global" if isinstance(site.node, ast.Global) else "nonlocal"
                site.scope.elsewhere.update((site.scope.mangled(n), kind) for n in site.node.names)
        for nonlocals in (False, True):  # a nonlocal name belongs where another binding puts it
            for site in sites:
                for name, target in self._bindings(site, module, package):
                    scope = site.scope
                    while isinstance(site.parent, ast.NamedExpr) and scope.kind == "comprehension" and scope.parent:
                        scope = scope.parent
                    name = scope.mangled(name)
                    if (scope.elsewhere.get(name) == "nonlocal") == nonlocals:
                        home = scope.home(name)
                        targets = home.names.setdefault(name, set())
                        home.kinds.setdefault(name, set()).add(_kind(site.node, target))
                        if isinstance(site.node, ast.ClassDef):
                            home.classes.setdefault(name, []).append(site.node)
                        if isinstance(target, tuple):
                            targets.add(target)
                        elif target is not None:
                            written = _dotted(target)
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
            simple = isinstance(node, ast.Name) and value is not node and value is not None and _dotted(value)
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
        """Whether to follow an alias: attributes of a plain value, as in ``x = x.T``, are not followed."""
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
        imports, home = scope.lookup(scope.mangled(node.id))
        if home is None and hasattr(builtins, node.id):  # a helper module's own names hide those that are built in
            imports = imports | set(self._stars_bind(scope, node.id))
        if TANGLED in imports:
            return {TANGLED}
        paths = {(*start, *reversed(attributes)) for start in imports}
        return {path if len(path) <= _MAX_LENGTH else TANGLED for path in paths}

    def _stars_bind(self, scope: Scope, name: str) -> Iterator[Dotted]:
        """Yield ``name`` in each helper module that a star import, directly or through another, takes it from."""
        pending, seen = list(scope.module().stars), set[str]()
        while pending:
            star = pending.pop()
            module = ".".join(star)
            if module in self.helpers and module not in seen:
                seen.add(module)
                pending += self.tops[module].stars
                if name in self.tops[module].names:
                    yield (*star, name)

    def is_own(self, path: Dotted) -> bool:
        """Whether a path begins with a helper module of the submission."""
        return path[0] in self._roots

    def resolve(self, node: ast.expr, scope: Scope) -> set[Dotted]:
        """Resolve a name or a chain of attributes to library names and helper modules."""
        return self.expand(self.raw(node, scope))

    def expand(self, paths: Iterable[Dotted]) -> set[Dotted]:
        """Replace names of helper modules by the imports behind them; the student's own values drop out."""
        expanded: set[Dotted] = set()
        pending, seen = list(paths), set[Dotted]()
        while pending:
            path = pending.pop()
            if path in seen:
                continue
            seen.add(path)
            if len(seen) > _MAX_EXPANSIONS:
                return {TANGLED}
            prefixes = [n for n in range(1, len(path) + 1) if ".".join(path[:n]) in self.helpers]
            if not prefixes or prefixes[-1] == len(path):
                expanded.add(path)
            for n in prefixes:
                top, rest = self.tops[".".join(path[:n])], path[n:]
                if rest and rest[0] in top.names:
                    pending.extend((*target, *rest[1:]) for target in top.names[rest[0]])
                elif rest:
                    pending.extend((*star, *rest) for star in top.stars)
        return expanded
