"""What the allowed names lead to: no module, namespace, frame or file; reviewed places alone take attribute names.

Every name that a shipped assignment allows is loaded and searched, with samples of the objects that functions return.
A name that a profile gains, or that a new version of a library changes, is searched as well.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import sys
import textwrap
import types
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from helpers.commands import ROOT
from helpers.held_objects import held_objects

from autograder.assignment import Verdict, list_assignments, list_profiles, load, read_profile
from autograder.assignment.load import load_package
from autograder.submission.screening.denylist import is_dunder, is_internal
from autograder.submission.screening.plain_uses import PLAIN_USES

# Functions and classes of allowed names that read or write attributes by computed names, run source text or look
# modules up by name.  A name of PLAIN_USES has its restriction there; for the others, this is why they may stay.
_OF_THE_SAME_NAME = "calls the method of its own name"
REVIEWED = {
    "copy.copy": "writes the state that an object describes: classes may not define __reduce__ or the like",
    "copy.deepcopy": "the same",
    "dataclasses.asdict": "reads the fields of a class under @dataclass; their names are written out",
    "dataclasses.astuple": "the same",
    "dataclasses.replace": "the same; the values go to the class's own __init__",
    "functools.total_ordering": "reads and writes six operators",
    "jax.numpy.finfo": "shows its own numbers",
    "numpy.finfo": "shows its own numbers",
    "jax.tree_util.register_pytree_node_class": "calls tree_flatten",
    **{
        f"numpy.{name}": _OF_THE_SAME_NAME
        for name in (
            "all amax amin any argmax argmin argpartition argsort around choose clip compress cumprod cumsum max min "
            "nonzero permute_dims prod repeat reshape round searchsorted squeeze sum swapaxes take transpose".split()
        )
    },
}
# Parameters that look like names of attributes.
NAMING = frozenset(
    "assigned updated attr attrs attribute attributes data_fields meta_fields drop_fields field_names fields module "
    "setter getter".split()
)
REVIEWED_PARAMETERS = {
    "jax.lax.GatherScatterMode": "an enumeration that has members: it makes no class",
    "jax.lax.Precision": "the same",
    "warnings.filterwarnings": "a pattern that names of modules are compared with",
}
_OPAQUE = types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, io.IOBase
_DYNAMIC = frozenset("eval exec __import__ import_module attrgetter methodcaller vars globals get_type_hints".split())
_ENDS_JAX = frozenset(("clear_cache", "clear_caches", "is_fully_addressable"))  # this one aborts on abstract devices


@cache
def allowed_names() -> dict[str, Any]:
    """Every name that a shipped assignment allows, with what it is; listed modules and given.py are left out."""
    found: dict[str, Any] = {}
    for allowed in (load(slug, ROOT).allowed for slug in list_assignments(ROOT)):
        for module, listed in allowed.imports.items():
            if module in ("given", "__future__"):
                continue
            loaded = importlib.import_module(module)
            for name in sorted({*listed, *(dir(loaded) if "*" in listed else ())} - {"*"}):
                if allowed.judge((*module.split("."), name))[0] is Verdict.ALLOWED:
                    found[f"{module}.{name}"] = getattr(loaded, name)
        for dotted in allowed.in_some_function:
            module, _, name = dotted.rpartition(".")
            found[dotted] = getattr(importlib.import_module(module), name)
    return found


def test_each_profile_belongs_to_an_assignment() -> None:
    """So that the search below sees every name of it."""
    used = {profile for slug in list_assignments(ROOT) for profile in load(slug, ROOT).profiles}
    assert {name for name in list_profiles() if read_profile(name).imports} <= used


# Modules, namespaces and frames ---------------------------------------------------------------------


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """What a submission gets from an object without a finding: items, attributes that are not refused, its type."""
    if isinstance(value, dict):
        yield from ((f"[{key!r:.20}]", item) for key, item in list(value.items())[:300])
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"[{n}]", item) for n, item in enumerate(list(value)[:40]))
    for name in dir(value):
        if not is_internal(name) and not is_dunder(name) and name not in _ENDS_JAX:
            try:
                yield f".{name}", getattr(value, name)
            except Exception:
                continue
    yield "'s type", type(value)


def leaks(start: dict[str, Any], depth: int) -> list[str]:
    """Paths from the given objects to modules, namespaces of modules, frames, tracebacks and code."""
    namespaces = {id(vars(module)) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)}
    seen: dict[int, Any] = {}
    found = []
    pending = deque((value, path, 0) for path, value in start.items())
    while pending:
        value, path, steps = pending.popleft()
        if isinstance(value, _OPAQUE) or id(value) in namespaces:
            found.append(f"{path} is a {type(value).__name__}")
        elif id(value) not in seen and not isinstance(value, int | float | complex | str | bytes | None):
            seen[id(value)] = value
            if steps < depth:
                pending.extend((child, path + step, steps + 1) for step, child in _children(value))
    return found


def test_no_allowed_name_reaches_a_module() -> None:
    assert leaks({**allowed_names(), **held_objects()}, 3) == []


def test_no_function_that_assignments_give_is_a_way_in() -> None:
    for slug in list_assignments(ROOT):
        assignment = load(slug, ROOT)
        if assignment.given is None:
            continue
        given = load_package(assignment.folder, "_given", "given")
        shown = {n: v for n, v in vars(given).items() if assignment.allowed.judge(("given", n))[0] is Verdict.ALLOWED}
        assert leaks({n: v for n, v in shown.items() if not n.startswith("_")}, 2) == []
        restricted = [allowed_names()[name] for name in PLAIN_USES if name in allowed_names()]
        assert [name for name, value in shown.items() if any(value is other for other in restricted)] == []


class Leaking:
    def __init__(self) -> None:
        self.held = [{"a": sys}]


@pytest.mark.parametrize(
    "value",
    [sys, Leaking(), {"x": vars(sys)}, [inspect.currentframe()]],
    ids=["module", "attribute", "namespace", "frame"],
)
def test_the_search_finds_what_it_looks_for(value: object) -> None:
    assert leaks({"x": value}, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("obj", _error) for _error in held_objects()["errors"][:1]]
    + [("ctypes", held_objects()["NumPy array"]), ("gi_frame", held_objects()["generator"])]
    + [("_module", held_objects()["warnings"][1]), ("func_globals", held_objects()["generator of numbers"].normal)],
)
def test_refused_attributes_do_lead_there(name: str, value: object) -> None:
    assert is_internal(name)
    held = getattr(value, name)
    assert leaks({name: getattr(held, "_ctypes", held)}, 1)


# Classes that make classes, and names given as data -------------------------------------------------


def test_no_allowed_name_is_a_class_of_classes() -> None:
    assert [
        name for name, value in allowed_names().items() if isinstance(value, type) and issubclass(value, type)
    ] == []


def test_names_with_a_plain_use_are_reached_by_no_other_name() -> None:
    restricted = {name: value for name, value in allowed_names().items() if name in PLAIN_USES}
    same = [
        (name, other)
        for name, value in allowed_names().items()
        for other, expected in restricted.items()
        if value is expected and name not in PLAIN_USES
    ]
    assert same == []


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """The Python functions that an allowed name runs: its own, those of its class, and their private helpers."""
    pending = [value]
    if isinstance(value, type):
        members = [v for c in value.__mro__ for n, v in vars(c).items() if n == "__init__" or not is_internal(n)]
        pending += [getattr(m, "__func__", getattr(m, "fget", m)) for m in members]
    seen = set()
    for function in pending:
        function = inspect.unwrap(function) if callable(function) else function
        if isinstance(function, types.FunctionType) and function not in seen:
            seen.add(function)
            yield function
            helpers = (function.__globals__.get(name) for name in _names(function.__code__) if name[0] == "_")
            pending += [h for h in helpers if isinstance(h, types.FunctionType) and h.__module__ == function.__module__]


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _is_dynamic(function: types.FunctionType) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # made of text, as the methods of named tuples are
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            by_name = name in ("getattr", "setattr", "delattr") and not isinstance(node.args[1], ast.Constant)
            if by_name or name in _DYNAMIC:
                return True
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.modules", "_sys.modules"):
            return True
    return False


def dynamic_names() -> list[str]:
    return [name for name, value in allowed_names().items() if any(map(_is_dynamic, _functions(value)))]


def test_attribute_names_are_data_in_reviewed_places_only() -> None:
    assert sorted(set(dynamic_names()) - PLAIN_USES.keys() - REVIEWED.keys()) == []
    assert set(dynamic_names()) >= {"dataclasses.dataclass", "collections.namedtuple", "warnings.catch_warnings"}


def test_parameters_that_name_attributes_are_reviewed() -> None:
    found = []
    for name, value in allowed_names().items():
        try:
            parameters = inspect.signature(value).parameters
        except (TypeError, ValueError):
            continue
        if NAMING & parameters.keys() and name not in PLAIN_USES | REVIEWED_PARAMETERS:
            found.append((name, sorted(NAMING & parameters.keys())))
    assert found == []
