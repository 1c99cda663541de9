"""Parts of a submission that grading does without: annotations, checks of types, statements that only show something.

They are taken out before anything runs.  So what they name needs no permission and no installation: type hints from
jaxtyping, ``chex.assert_shape`` and a forgotten ``jax.debug.print`` cost nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from autograder.assignment.allowlist import Dotted, words
from autograder.submission.screening.guarded import guarded
from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Scope, Site, arguments
from autograder.submission.screening.top_level import ScreenedStatement

# Libraries that check, show, log or plot, and calls that do so: a statement that only calls them is of no use to the
# grader.  So is one that prepares a session: seeds, paths, the widgets of a notebook.
_SHOWING = words(
    "IPython PIL absl.logging altair bokeh breakpoint chex cv2 doctest fastcore.test google.colab graphviz icecream "
    "imageio ipdb ipywidgets jax.debug jax.profiler logging loguru matplotlib mlflow numpy.random.seed numpy.testing "
    "os.environ pdb plotly pudb pylab pytest random.seed rich seaborn sys.path tensorboard tensorboardX timeit "
    "torchinfo tqdm unittest wandb"
)
_SHOWING_BUILTINS = ("breakpoint", "display")  # the second is one in notebooks
_NOT_AS_VALUE = words("PIL chex cv2 os.environ imageio numpy.testing random.seed sys.path timeit tqdm")
_BARS = words("fastprogress.progress_bar rich.progress.track tqdm.auto.tqdm tqdm.notebook.tqdm tqdm.std.tqdm tqdm.tqdm")
_TRANGES = words("tqdm.auto.trange tqdm.notebook.trange tqdm.trange")
# Decorators that check types, or say something about them.
_CHECKING = words(
    "beartype.beartype chex.assert_max_traces chex.chexify jaxtyping.jaxtyped typeguard.typechecked typing.final "
    "typing.no_type_check typing.override typing.runtime_checkable typing_extensions.final typing_extensions.override"
)
_HINTS = words("beartype chex jaxtyping nptyping numpy.typing typing_extensions")  # libraries of type hints
_READ_BY_DATACLASSES = words("ClassVar InitVar KW_ONLY")
_NOTHING = "()"
_PLAIN_LOOPS = ((_BARS, "(lambda _=(), *a, **k: _)"), (_TRANGES, "(lambda *a, **k: range(*a))"))

Shown = frozenset[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class Removal:
    """A node that is taken out, what stands in its place, and whether the student is told.

    ``guards``: a guarded function stands in its place, so that what it names is not unneeded.
    """

    node: ast.AST
    instead: str
    told: bool
    guards: bool = False


def removals(statement: ScreenedStatement, resolver: NameResolver, shown: Shown) -> list[Removal]:
    """List what is taken out of a statement; no two of these nodes lie within each other.

    Args:
      shown: the variables that hold a logger, a figure or the like, see :func:`shown_variables`.
    """
    inside: set[int] = set()
    removed: list[Removal] = []
    for site in statement.sites:
        if id(site.node) in inside:
            continue
        removal = _removal(site, resolver, shown)
        if removal is None and (guard := guarded(site, resolver, statement.parents)):
            removal = Removal(site.node, guard, told=False, guards=True)
        if removal is not None:
            inside |= inside_of([removal])
            removed.append(removal)
    return removed


def shown_variables(statements: Iterable[ScreenedStatement], resolver: NameResolver) -> Shown:
    """Name the variables that hold a logger, a figure or the like: (id of their scope, name)."""
    return frozenset(
        (id(site.scope.home(name.id)), name.id)
        for statement in statements
        for site in statement.sites
        if isinstance(site.node, ast.Assign | ast.AnnAssign) and _makes_shown(site.node, site.scope, resolver)
        for name in _names(site.node)
    )


def unneeded_names(
    statements: Iterable[ScreenedStatement],
    removed: Mapping[ScreenedStatement, Sequence[Removal]],
    guards: bool = False,
) -> dict[str, frozenset[str]]:
    """Name, by module, what is read in the parts that are taken out and nowhere else.

    Args:
      guards: count only the parts for which a guarded function stands in.
    """
    inner: dict[str, set[str]] = {}
    outer: dict[str, set[str]] = {}
    for statement in statements:
        gone = inside_of(r for r in removed[statement] if r.guards or not guards)
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
    if site.annotation and any(node is annotation for annotation in _annotations(parent)) and not _registers(parent):
        in_body = isinstance(parent, ast.AnnAssign) and scope.kind == "class"
        kept = isinstance(node, ast.Constant) or (in_body and _is_read_by_dataclasses(node))
        return None if kept else Removal(node, "object", told=False)
    if isinstance(node, ast.Assert) and _in_function(scope):  # it may ask for numbers that tracing does not have
        binds = any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node))
        return None if binds else Removal(node, _NOTHING, told=False)
    if isinstance(node, ast.Expr):
        only_shows = isinstance(node.value, ast.Call) and _shows(node.value, scope, resolver, shown)
        return Removal(node, _NOTHING, told=True) if only_shows else None
    if isinstance(node, ast.Assign | ast.AnnAssign):
        unneeded = _makes_shown(node, scope, resolver) or _sets_shown(node, scope, resolver)
        return Removal(node, _NOTHING, told=True) if unneeded else None
    if isinstance(node, ast.For | ast.If) and not node.orelse:
        head = node.iter if isinstance(node, ast.For) else node.test
        return Removal(node, _NOTHING, told=True) if _reads_shown(head, scope, resolver, shown) else None
    if isinstance(parent, ast.Call) and node is parent.func and isinstance(node, ast.Name | ast.Attribute):
        meanings = {".".join(path) for path in resolver.resolve(node, scope)}
        bar = next((text for names, text in _PLAIN_LOOPS if meanings and meanings <= names), None)
        return Removal(node, bar, told=False) if bar else None
    if isinstance(node, ast.expr) and any(node is d for d in getattr(parent, "decorator_list", ())):
        called = node.func if isinstance(node, ast.Call) else node
        meanings = {".".join(path) for path in resolver.resolve(called, scope)}
        return Removal(node, "(lambda _: _)", told=False) if meanings and meanings <= _CHECKING else None
    return None


def _in_function(scope: Scope | None) -> bool:
    while scope is not None and scope.kind != "function":
        scope = scope.parent
    return scope is not None


def _registers(parent: ast.AST) -> bool:
    """Whether a function stands under ``@f.register``: its annotation says for which class it is."""
    decorators = getattr(parent, "decorator_list", ())
    return any(isinstance(d, ast.Attribute) and d.attr == "register" for d in decorators)


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


def _makes_shown(node: ast.Assign | ast.AnnAssign, scope: Scope, resolver: NameResolver) -> bool:
    """Whether an assignment makes a logger, a figure or the like: ``logger = logging.getLogger(__name__)``."""
    if node.value is None or not _names(node):
        return False
    start = _start(node.value)
    meanings = resolver.resolve(start, scope) if start is not None else []
    if meanings and isinstance(node.value, ast.Subscript):  # Matrix = Float[Array, "n m"]
        return all(_is_one_of(path, _HINTS) for path in meanings)
    called = meanings and isinstance(node.value, ast.Call)
    return bool(called) and all(_is_showing(path) and not _is_one_of(path, _NOT_AS_VALUE) for path in meanings)


def _sets_shown(node: ast.Assign | ast.AnnAssign, scope: Scope, resolver: NameResolver) -> bool:
    """Whether an assignment only changes a setting, as in ``plt.rcParams["font.size"] = 14``."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    meanings = [
        resolver.resolve(start, scope) if isinstance(t, ast.Subscript | ast.Attribute) and (start := _start(t)) else []
        for t in targets
    ]
    return all(paths and all(map(_is_showing, paths)) for paths in meanings)


def _reads_shown(node: ast.expr, scope: Scope, resolver: NameResolver, shown: Shown) -> bool:
    """Whether the head of a loop or a condition depends on a logger, on the axes of a figure or the like."""
    return any(
        isinstance(inner, ast.Name) and (id(scope.home(inner.id)), inner.id) in shown for inner in ast.walk(node)
    ) or (isinstance(node, ast.Call) and _shows(node, scope, resolver, shown) and not _loops(node, scope, resolver))


def _loops(node: ast.Call, scope: Scope, resolver: NameResolver) -> bool:
    start = _start(node)
    return start is not None and any(path[0] in _NOT_AS_VALUE for path in resolver.resolve(start, scope))


def _names(node: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    """Return the variables that an assignment binds; none if it also binds something else."""
    bound = node.targets if isinstance(node, ast.Assign) else [node.target]
    targets = [e for t in bound for e in (t.elts if isinstance(t, ast.Tuple | ast.List) else [t])]
    names = [t for t in targets if isinstance(t, ast.Name)]
    return names if len(names) == len(targets) else []


def _is_showing(path: Dotted) -> bool:
    return _is_one_of(path, _SHOWING)


def _is_one_of(path: Dotted, names: Set[str]) -> bool:
    return any(".".join(path[:n]) in names for n in range(1, len(path) + 1))


def _start(node: ast.expr) -> ast.expr | None:
    """Return the name that a chain of calls begins with: ``plt.gca`` of ``plt.gca().set_title("loss")``."""
    start = inner = node
    while isinstance(inner, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(inner, ast.Attribute):
            inner = inner.value
        else:
            start = inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return start if isinstance(inner, ast.Name) else None
