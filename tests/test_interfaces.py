"""Every package says in its ``__init__.py`` what it is for and what others may use of it; nobody uses more."""

from __future__ import annotations

import ast
import importlib

import pytest
from test_layers import PACKAGES, SOURCES, name_of

NAMES = [name_of(path / "__init__.py") for path in PACKAGES]
INNER = [name for name in NAMES if name not in ("autograder", "question_bank")]


def _tree(package: str) -> ast.Module:
    return ast.parse(SOURCES[package].read_text(encoding="utf-8"))


def _bound(package: str) -> set[str]:
    """The public names that a package's own file gives it, if it only collects names of its modules."""
    names: set[str] = set()
    for node in _tree(package).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package.partition(".")[0]):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def _collects(package: str) -> bool:
    """Whether the file only collects names: it holds no code of its own."""
    return all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in _tree(package).body)


def _used_from_outside(package: str) -> set[str]:
    """What other packages import: a module of the package, or a name that the package gives."""
    public = set(importlib.import_module(package).__all__)
    used = set()
    for module, path in SOURCES.items():
        if f"{module}.".startswith(f"{package}."):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not f"{node.module}.".startswith(f"{package}."):
                continue
            below = (node.module or "").removeprefix(package).strip(".")
            for alias in node.names:
                part = below.partition(".")[0] or alias.name
                used.add(alias.name if alias.name in public and part not in public else part)
    return used


@pytest.mark.parametrize("package", NAMES)
def test_a_package_says_what_it_is_for(package: str) -> None:
    said = (ast.get_docstring(_tree(package)) or "").strip().splitlines()
    least = 1 if package in ("autograder", "question_bank") else 2
    assert least <= len(said) <= 8, f"{package}: {len(said)} lines, expected 2 to 8"
    assert said[0].endswith((".", ":", ",")) or len(said) > 1


@pytest.mark.parametrize("package", INNER)
def test_the_interface_is_what_a_package_gives(package: str) -> None:
    public = importlib.import_module(package).__all__
    assert len(set(public)) == len(public)  # their order is the linter's business
    modules = {name for name in public if f"{package}.{name}" in SOURCES}
    if _collects(package):
        assert set(public) - modules == _bound(package) - modules
    for name in set(public) - modules:
        assert hasattr(importlib.import_module(package), name), f"{package} gives no {name}"


@pytest.mark.parametrize("package", INNER)
def test_nothing_else_of_a_package_is_used(package: str) -> None:
    public = set(importlib.import_module(package).__all__)
    assert _used_from_outside(package) <= public, sorted(_used_from_outside(package) - public)
    stale = {n for n in public if f"{package}.{n}" in SOURCES and n not in _bound(package)} - _used_from_outside(
        package
    )
    assert not stale, f"no other package uses {sorted(stale)}"
