"""Read an assignment: two folders of one course, ``assignments/<slug>`` and ``reference/<slug>``."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import sys
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.assignment.allowlist import AllowList
from autograder.assignment.errors import AssignmentError as AssignmentError  # other packages import it from here
from autograder.assignment.profiles import expand
from autograder.checks import Check, Coverage, Ladder, Mistake

LIMITS = {"import_seconds": 20, "trace_seconds": 20, "run_seconds": 20, "memory_mb": 1500}


@dataclass(frozen=True)
class Function:
    """A graded function, as ``[functions.<name>]`` of assignment.toml declares it.

    Attributes:
      signature: as students read it.
      topic: the topic of the course notes.
      by_hand: automatic differentiation may not make operations of its program.
      also: dotted names that are allowed inside this function only.
      forbid_operations: StableHLO operations that its program may not contain.
    """

    name: str
    signature: str
    topic: str = ""
    by_hand: bool = False
    also: tuple[str, ...] = ()
    forbid_operations: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the positional arguments, as the signature has them."""
        inside = self.signature.partition("(")[2].rpartition(")")[0].partition("*")[0]
        return tuple(name.strip() for name in inside.split(",") if name.strip())


@dataclass(frozen=True)
class Assignment:
    """The public half of an assignment, and the folder of its secret half.

    Attributes:
      reference: the secret half; None in a published copy.
      sha256: digest of the code and the rules that results depend on.
      limits: seconds and megabytes (see LIMITS).
      allowed: what submissions may use, with the profiles written out.
      points: check -> points.
      credit: check -> "all" where cases earn no partial credit.
      given: source of given.py, if there is one.
      profiles: shared allow-lists that ``allowed`` is made of.
      ladders: function -> its small public cases.
      coverages: what the cases of each function must cover.
    """

    slug: str
    folder: Path
    reference: Path | None
    title: str
    version: str
    summary: str
    sha256: str
    limits: Mapping[str, int]
    allowed: AllowList
    functions: Mapping[str, Function]
    checks: Mapping[str, Check]
    points: Mapping[str, float]
    credit: Mapping[str, str] = field(default_factory=dict)
    given: str | None = None
    profiles: tuple[str, ...] = ()
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    coverages: tuple[Coverage, ...] = ()

    @property
    def total(self) -> float:
        """Points that a submission can earn."""
        return sum(self.points.values())


def find_root() -> Path:
    """Return the course folder: AUTOGRADER_ROOT, else the nearest folder above that holds ``assignments``.

    Raises:
      AssignmentError: no such folder.
    """
    named = os.environ.get("AUTOGRADER_ROOT")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "assignments").is_dir():
            return folder
    raise AssignmentError("no folder 'assignments' in this folder or above it: name the course folder with --root")


def list_assignments(root: Path) -> list[str]:
    """Name the assignments of a course folder."""
    return sorted(p.parent.name for p in (root / "assignments").glob("*/assignment.toml"))


def load(slug: str, root: Path) -> Assignment:
    """Load one assignment of a course by name.

    Raises:
      AssignmentError: with the reason and the file.
    """
    if slug not in list_assignments(root):
        known = ", ".join(list_assignments(root)) or "none"
        raise AssignmentError(f"there is no assignment {slug!r} in {root / 'assignments'} (known: {known})")
    reference = root / "reference" / slug
    return load_folder(root / "assignments" / slug, reference if (reference / "reference.py").exists() else None)


def load_folder(folder: Path, reference: Path | None) -> Assignment:
    """Load an assignment from its folders; its ``checks.py`` is imported.

    Raises:
      AssignmentError: with the reason and the file.
    """
    path = folder / "assignment.toml"
    try:
        settings = tomllib.loads(path.read_text())
    except OSError as error:
        raise AssignmentError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path}: {error}") from None
    data = expand(settings, path)  # first, so that digest, screening and validation see the whole list
    _expect(data, path, {"title": str, "version": str, "imports": dict, "functions": dict, "points": dict})
    _check_numbers(data, path)
    functions = {name: _function(name, entry, path) for name, entry in data["functions"].items()}
    module = load_package(folder, "_assignment", "checks")
    checks = {c.name: c for c in vars(module).values() if isinstance(c, Check)}
    given = folder / "given.py"
    assignment = Assignment(
        slug=data.get("slug", folder.name),  # a published copy carries its name along
        folder=folder,
        reference=reference,
        title=data["title"],
        version=data["version"],
        summary=data.get("summary", ""),
        sha256=_digest(data, folder, reference),
        limits=LIMITS | data.get("limits", {}),
        allowed=AllowList(
            imports={m: tuple(names) for m, names in data["imports"].items()},
            instead=data.get("instead", {}),
            also={f.name: f.also for f in functions.values() if f.also},
        ),
        functions=functions,
        checks=checks,
        points={name: float(p) for name, p in data["points"].items()},
        credit=data.get("credit", {}),
        given=given.read_text() if given.exists() else None,
        profiles=tuple(settings.get("profiles", ())),
        ladders={one.function: one for one in vars(module).values() if isinstance(one, Ladder)},
        coverages=tuple(one for one in vars(module).values() if isinstance(one, Coverage)),
    )
    _check_consistency(assignment, path)
    return assignment


def load_package(folder: Path, prefix: str, module: str) -> types.ModuleType:
    """Import ``folder/module.py`` as part of a package of its own, so that relative imports work.

    Raises:
      AssignmentError: the module raises an exception while it is imported.
    """
    package = f"{prefix}_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}_{folder.name}"
    if package not in sys.modules:
        parent = types.ModuleType(package)
        parent.__path__ = [str(folder)]
        sys.modules[package] = parent
    try:
        return importlib.import_module(f"{package}.{module}")
    except Exception as error:
        raise AssignmentError(f"{folder / (module + '.py')}: {type(error).__name__}: {error}") from error


def mistakes(assignment: Assignment) -> dict[str, Mistake]:
    """Load the known mistakes by name (this imports JAX).

    Raises:
      AssignmentError: mistakes.py cannot be imported.
    """
    if assignment.reference is None or not (assignment.reference / "mistakes.py").exists():
        return {}
    module = load_package(assignment.reference, "_reference", "mistakes")
    return {m.name: m for m in vars(module).values() if isinstance(m, Mistake)}


def _function(name: str, entry: Any, path: Path) -> Function:
    where = f"{path}: [functions.{name}]"
    if not isinstance(entry, dict):
        raise AssignmentError(f"{where}: expected a table")
    unknown = set(entry) - {"signature", "topic", "by_hand", "also", "forbid_operations"}
    if unknown:
        raise AssignmentError(f"{where}: unknown entry {sorted(unknown)[0]!r}")
    return Function(
        name=name,
        signature=entry.get("signature", name),
        topic=entry.get("topic", ""),
        by_hand=bool(entry.get("by_hand", False)),
        also=tuple(entry.get("also", ())),
        forbid_operations=tuple(entry.get("forbid_operations", ())),
    )


def _check_numbers(data: dict[str, Any], path: Path) -> None:
    """Refuse points, limits and credit of the wrong kind."""
    for name, points in data["points"].items():
        if isinstance(points, bool) or not isinstance(points, int | float) or not points >= 0:
            raise AssignmentError(f"{path}: [points] {name}: expected a number of points, got {points!r}")
    for name, limit in data.get("limits", {}).items():
        if name not in LIMITS:
            raise AssignmentError(f"{path}: [limits] has an unknown entry {name!r} (known: {', '.join(LIMITS)})")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit <= 0:
            raise AssignmentError(f"{path}: [limits] {name}: expected a whole number above 0, got {limit!r}")
    for name, credit in data.get("credit", {}).items():
        if credit != "all":
            raise AssignmentError(f'{path}: [credit] {name}: expected "all", got {credit!r}')


def _check_consistency(assignment: Assignment, path: Path) -> None:
    checks, points = set(assignment.checks), set(assignment.points)
    if checks - points:
        raise AssignmentError(f"{path}: [points] has no entry for check {sorted(checks - points)[0]!r}")
    if points - checks:
        raise AssignmentError(
            f"{path}: [points] names {sorted(points - checks)[0]!r}, which checks.py does not declare"
        )
    if set(assignment.credit) - checks:
        raise AssignmentError(
            f"{path}: [credit] names {sorted(set(assignment.credit) - checks)[0]!r}, which checks.py does not declare"
        )
    try:
        given = _defined(assignment.given or "")
    except SyntaxError as error:
        raise AssignmentError(f"{path.with_name('given.py')}: SyntaxError: {error}") from None
    for function in (*assignment.ladders, *(c.function for c in assignment.coverages)):
        if function not in assignment.functions:
            raise AssignmentError(
                f"{path.with_name('checks.py')}: a ladder or options are about {function!r}, which is not declared"
            )
    for check in assignment.checks.values():
        name = check.function.removeprefix("given.")
        known = given if check.function.startswith("given.") else set(assignment.functions)
        if name not in known:
            raise AssignmentError(f"{path}: check {check.name!r} is about {check.function!r}, which is not declared")
        for needed in check.needs:
            if needed not in checks:
                raise AssignmentError(
                    f"{path}: check {check.name!r} needs {needed!r}, which checks.py does not declare"
                )


def _defined(source: str) -> set[str]:
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def _digest(data: Mapping[str, Any], *folders: Path | None) -> str:
    """Identify what results depend on: the code and the rules of the settings, not the points."""
    rules = [data.get(name, {}) for name in ("imports", "functions", "limits")]
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True, default=str).encode())
    for folder in folders:
        for path in sorted((folder or Path("/nonexistent")).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _expect(data: dict[str, Any], path: Path, fields: dict[str, type]) -> None:
    for name, kind in fields.items():
        if not isinstance(data.get(name), kind):
            raise AssignmentError(f"{path}: expected an entry {name!r} ({kind.__name__}), got {data.get(name)!r}")
