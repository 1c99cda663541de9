"""Parts of a submission that grading does without: annotations, type checkers, and statements that only show something.

They are taken out before anything runs.  So what they name needs no permission and no installation: type hints from
jaxtyping and a forgotten ``jax.debug.print`` cost nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.assignment.allowlist import Dotted, words
from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Scope, Site, arguments
from autograder.submission.screening.top_level import ScreenedStatement

# Libraries that show, log or plot, and calls that do so: a statement that only calls them is of no use to the grader.
_SHOWING = words(
    "IPython absl.logging altair breakpoint graphviz icecream ipdb jax.debug jax.profiler logging loguru matplotlib "
    "mlflow pdb plotly pudb pylab rich seaborn tensorboard tensorboardX torchinfo tqdm wandb"
)
_SHOWING_BUILTINS = ("breakpoint", "display")  # the second is one in notebooks
_NOT_AS_VALUE = ("tqdm",)  # loops go over what it returns
# Decorators that check types, or say something about them.
_CHECKING = words(
    "beartype.beartype jaxtyping.jaxtyped typeguard.typechecked typing.final typing.no_type_check typing.override "
    "typing.runtime_checkable typing_extensions.final typing_extensions.override"
)
_READ_BY_DATACLASSES = words("ClassVar InitVar KW_ONLY")
_NOTHING = "()"

Shown = frozenset[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class Removal:
    """A node that is taken out, what stands in its place, and whether the student is told."""

    node: ast.AST
    instead: str
    told: bool


def removals(statement: ScreenedStatement, resolver: NameResolver, shown: Shown) -> list[Removal]:
    """List what is taken out of a statement; no two of these nodes lie within each other.

    Args:
      shown: the variables that hold a logger, a figure or the like, see :func:`shown_variables`.
    """
    inside: set[int] = set()
    removed: list[Removal] = []
    for site in statement.sites:
        if id(site.node) not in inside and (removal := _removal(site, resolver, shown)) is not None:
            inside |= inside_of([removal])
            removed.append(removal)
    return removed


def shown_variables(statements: Iterable[ScreenedStatement], resolver: NameResolver) -> Shown:
    """Name the variables that hold a logger, a figure or the like: (id of their scope, name)."""
    return frozenset(
        (id(site.scope.home(name.id)), name.id)
        for statement in statements
        for site in statement.sites
        if isinstance(site.node, ast.Assign) and _makes_shown(site.node, site.scope, resolver)
        for name in _names(site.node)
    )


def unneeded_names(
    statements: Iterable[ScreenedStatement], removed: Mapping[ScreenedStatement, Sequence[Removal]]
) -> dict[str, frozenset[str]]:
    """Name, by module, what is read in the parts that are taken out and nowhere else."""
    inner: dict[str, set[str]] = {}
    outer: dict[str, set[str]] = {}
    for statement in statements:
        gone = inside_of(removed[statement])
        for site in statement.sites:
            if isinstance(site.node, ast.Name):
                names = inner if id(site.node) in gone else outer
                names.setdefault(statement.module, set()).add(site.node.id)
    return {module: frozenset(names - outer.get(module, set())) for module, names in inner.items()}


def inside_of(removed: Iterable[Removal]) -> set[int]:
    """Return the ids of all nodes that are taken out."""
    return {id(node) for removal in removed for node in ast.walk(removal.node)}


def _removal(site: Site, resolver: NameResolver, shown: Shown) -> Removal | None:
    node, parent, scope = site.node, site.parent, site.scope
    if site.annotation and any(node is annotation for annotation in _annotations(parent)):
        in_body = isinstance(parent, ast.AnnAssign) and scope.kind == "class"
        kept = isinstance(node, ast.Constant) or (in_body and _is_read_by_dataclasses(node))
        return None if kept else Removal(node, "object", told=False)
    if isinstance(node, ast.Expr):
        only_shows = isinstance(node.value, ast.Call) and _shows(node.value, scope, resolver, shown)
        return Removal(node, _NOTHING, told=True) if only_shows else None
    if isinstance(node, ast.Assign):
        return Removal(node, _NOTHING, told=True) if _makes_shown(node, scope, resolver) else None
    if isinstance(node, ast.expr) and any(node is d for d in getattr(parent, "decorator_list", ())):
        called = node.func if isinstance(node, ast.Call) else node
        meanings = {".".join(path) for path in resolver.resolve(called, scope)}
        return Removal(node, "(lambda _: _)", told=False) if meanings and meanings <= _CHECKING else None
    return None


def _annotations(parent: ast.AST) -> list[ast.expr | None]:
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        return [parent.returns, *(a.annotation for a in arguments(parent.args))]
    return [parent.annotation] if isinstance(parent, ast.AnnAssign) else []


def _is_read_by_dataclasses(annotation: ast.AST) -> bool:
    words_in = (
        part
        for node in ast.walk(annotation)
        for part in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "value", ""))
    )
    return any(isinstance(part, str) and any(word in part for word in _READ_BY_DATACLASSES) for part in words_in)


def _shows(call: ast.Call, scope: Scope, resolver: NameResolver, shown: Shown) -> bool:
    """Whether a call shows, logs or plots, and does nothing else that a grader could use."""
    start = _start(call)
    if start is None:
        return False
    if meanings := resolver.resolve(start, scope):
        return all(map(_is_showing, meanings))
    name = start
    while isinstance(name, ast.Attribute):
        name = name.value
    if not isinstance(name, ast.Name):
        return False
    imports, home = scope.lookup(scope.mangled(name.id))
    if home is None:
        return not imports and name is start and name.id in _SHOWING_BUILTINS
    return (id(home), name.id) in shown


def _makes_shown(node: ast.Assign, scope: Scope, resolver: NameResolver) -> bool:
    """Whether an assignment makes a logger, a figure or the like: ``logger = logging.getLogger(__name__)``."""
    start = _start(node.value) if isinstance(node.value, ast.Call) else None
    if start is None or not _names(node):
        return False
    meanings = resolver.resolve(start, scope)
    return bool(meanings) and all(_is_showing(path) and path[0] not in _NOT_AS_VALUE for path in meanings)


def _names(node: ast.Assign) -> list[ast.Name]:
    """Return the variables that an assignment binds; none if it also binds something else."""
    targets = [e for t in node.targets for e in (t.elts if isinstance(t, ast.Tuple | ast.List) else [t])]
    names = [t for t in targets if isinstance(t, ast.Name)]
    return names if len(names) == len(targets) else []


def _is_showing(path: Dotted) -> bool:
    return any(".".join(path[:n]) in _SHOWING for n in range(1, len(path) + 1))


def _start(node: ast.expr) -> ast.expr | None:
    """Return the name that a chain of calls begins with: ``plt.gca`` of ``plt.gca().set_title("loss")``."""
    start = inner = node
    while isinstance(inner, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(inner, ast.Attribute):
            inner = inner.value
        else:
            start = inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return start if isinstance(inner, ast.Name) else None
