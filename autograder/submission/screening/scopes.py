"""Namespaces of Python source: the scope of each node of a syntax tree, and the names that the node binds."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from autograder.assignment.allowlist import Dotted

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
    kinds: dict[str, set[str]] = field(default_factory=dict)  # what binds a name: "import", "class" or "value"
    classes: dict[str, list[ast.ClassDef]] = field(default_factory=dict)
    function: str = ""  # its name, for the scope of a function

    def initialises(self) -> bool:
        """Whether this is inside a method ``__init__``, whose ``self`` is new."""
        scope: Scope | None = self
        while scope is not None and scope.kind == "comprehension":
            scope = scope.parent
        in_class = scope is not None and scope.parent is not None and scope.parent.kind == "class"
        return scope is not None and in_class and scope.function == "__init__"

    def mangled(self, name: str) -> str:
        """Return ``name`` as Python writes it inside a class: private names carry the name of the class."""
        owner = self.owner.lstrip("_")
        return f"_{owner}{name}" if owner and name.startswith("__") and not name.endswith("__") else name

    def outer(self) -> Scope | None:
        """Return the next scope in which a name is looked up; class bodies are invisible from inside."""
        scope = self.parent
        while scope is not None and scope.kind == "class":
            scope = scope.parent
        return scope

    def module(self) -> Scope:
        """Return the outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> tuple[set[Dotted], Scope | None]:
        """Return the imports that ``name`` may be here, and the scope that surely binds it."""
        imports: set[Dotted] = set()
        scope: Scope | None = self
        while scope is not None:
            declared = scope.elsewhere.get(name)
            if declared == "global":
                scope = scope.module()
            elif declared == "nonlocal":
                scope = scope.outer()
                continue
            if name in scope.names:
                imports |= scope.names[name]
                if scope.kind != "class":  # a class body falls through to the globals until it has bound the name
                    return imports, scope
            elif scope.kind == "module" and not name.startswith("_") and not hasattr(builtins, name):
                imports |= {(*star, name) for star in scope.stars}
            scope = scope.outer()
        return imports, None

    def bound_as(self, name: str) -> set[str]:
        """Return what may bind ``name`` here: "import", "class", "value"; nothing for a built-in name."""
        name = self.mangled(name)
        imports, home = self.lookup(name)
        kinds = set(home.kinds.get(name, {"value"})) if home is not None else set[str]()
        inner = self.kinds.get(name, set()) if self.kind == "class" else set[str]()
        return kinds | inner | ({"import"} if imports else set())

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
    """One node of the syntax tree, with its parent and its scope."""

    node: ast.AST
    parent: ast.AST
    scope: Scope
    annotation: bool = False


def sites(tree: ast.Module, top: Scope) -> list[Site]:
    """List all nodes below ``tree`` with their scopes.  Iterative: depth is the student's choice."""
    listed: list[Site] = []
    pending = [Site(node, tree, top) for node in reversed(tree.body)]
    while pending:
        site = pending.pop()
        listed.append(site)
        pending.extend(reversed(list(_children(site))))
    return listed


def _children(site: Site) -> Iterator[Site]:
    node, scope = site.node, site.scope

    def at(child: ast.AST | None, where: Scope, annotation: bool = site.annotation) -> Iterator[Site]:
        if child is not None:
            yield Site(child, node, where, annotation)

    if isinstance(node, _FUNCTIONS):
        inner = Scope("function", scope, scope.owner, function=getattr(node, "name", ""))
        for decorator in getattr(node, "decorator_list", ()):
            yield from at(decorator, scope)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            yield from at(default, scope)
        for arg in arguments(node.args):
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


def arguments(args: ast.arguments) -> Iterable[ast.arg]:
    """Return all parameters of a function."""
    rest = [a for a in (args.vararg, args.kwarg) if a is not None]
    return (*args.posonlyargs, *args.args, *args.kwonlyargs, *rest)


def bound_names(node: ast.AST) -> list[str]:
    """List the names that this node binds, other than through an import."""
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


def bound_in_module(listed: Iterable[Site], imported: str = "") -> set[str]:
    """Return the names that nodes bind in their module, or only that of one ``imported`` name."""
    names: set[str] = set()
    for site in listed:
        if site.scope.kind != "module":
            continue
        if isinstance(site.node, ast.Import | ast.ImportFrom):
            aliases = [a for a in site.node.names if imported in ("", a.name)]
            names |= {a.asname or a.name.split(".")[0] for a in aliases} - {"*"}
        elif not imported:
            names |= set(bound_names(site.node))
    return names


def in_class_scope(statements: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that run in the body of a class itself, and not in its methods."""
    pending = list(statements)
    while pending:
        node = pending.pop()
        yield node
        body: list[ast.AST] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            body = [*node.body] if isinstance(node.body, list) else [node.body]
        inside = set(map(id, body))
        pending += [child for child in ast.iter_child_nodes(node) if id(child) not in inside]
