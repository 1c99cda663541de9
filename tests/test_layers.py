"""The order of the packages holds: imports point down the pipeline, and trust zones stay apart.

Imports are read from the syntax tree, those for type checking included: what only a type checker sees is still known.
What a process really loads is asked of a process.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from helpers.commands import ROOT

GROUND = ("checks", "errors", "escaping", "files", "result_json", "results", "tree", "wire")
ORDER = (
    "report",
    "assignment",
    "submission",
    "sandbox",
    "judge",
    "grading",
    "gradebook",
    "exam",
    "exchange",
    "cli",
)
MOST_ENTRIES, MOST_LEVELS = 20, 11
MOST_PARAMETERS, MOST_LINES = 12, 100
PACKAGES = sorted(
    path.parent
    for top in ("autograder", "question_bank")
    for path in (ROOT / top).rglob("__init__.py")
    if "template" not in path.parent.relative_to(ROOT).parts
)


def name_of(path: Path) -> str:
    """The dotted name of a module, or of a package for its ``__init__.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    name_of(path): path
    for top in ("autograder", "question_bank")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "assignment/template/" not in path.as_posix()
}


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of ours that a module names in import statements, wherever they stand in it."""
    return frozenset(_imported(ast.parse(SOURCES[module].read_text(encoding="utf-8")), module))


def _imported(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in SOURCES)
        elif isinstance(node, ast.ImportFrom):
            here = f"{module.rpartition('.')[0]}." if node.level else ""
            if (named := f"{here}{node.module}") in SOURCES:
                fulls = (f"{named}.{alias.name}" for alias in node.names)
                yield from (full if full in SOURCES else named for full in fulls)


@cache
def at_start(module: str) -> frozenset[str]:
    """The same, of statements that run when the module is imported."""
    tree = ast.parse(SOURCES[module].read_text(encoding="utf-8"))
    top = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return frozenset(_imported(ast.Module(top, []), module))


def reached(module: str) -> frozenset[str]:
    """Everything of ours that a module may load, now or later: packages on the way included."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        now = todo.pop()
        parts = now.split(".")
        for name in (".".join(parts[:n]) for n in range(1, len(parts) + 1)):
            if name in SOURCES and name not in seen:
                seen.add(name)
                todo += imports(name)
    return frozenset(seen)


def place(module: str) -> int:
    """How high a module of ``autograder`` stands; the ground is 0."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return 0 if len(parts) == 1 else len(ORDER) + 1
    return 0 if parts[1] in GROUND else ORDER.index(parts[1]) + 1


def test_autograder_has_the_packages_of_the_pipeline_and_little_else() -> None:
    entries = {p.stem for p in (ROOT / "autograder").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert entries == {"__init__", "__main__", *GROUND, *ORDER}
    assert len(entries) <= MOST_ENTRIES and len(ORDER) + 1 <= MOST_LEVELS


@pytest.mark.parametrize("module", [m for m in SOURCES if m.startswith("autograder")])
def test_no_import_goes_against_the_order(module: str) -> None:
    against = [to for to in imports(module) if to.startswith("autograder") and place(to) > place(module)]
    assert not against, f"{module} stands below {against}"


def test_the_ground_imports_nothing_above_it_and_no_bank() -> None:
    for name in GROUND:
        assert all(place(to) == 0 for to in imports(f"autograder.{name}") if to.startswith("autograder")), name
        assert not any(to.startswith("question_bank") for to in imports(f"autograder.{name}")), name


def test_reports_know_results_only() -> None:
    for module in (m for m in SOURCES if m.startswith("autograder.report")):
        above = {to for to in imports(module) if place_of_any(to) > 0 and not to.startswith("autograder.report")}
        assert not above, f"{module} imports {sorted(above)}"


def place_of_any(module: str) -> int:
    return place(module) if module.startswith("autograder") else len(ORDER)


def test_the_question_bank_never_imports_the_engine() -> None:
    for module in (m for m in SOURCES if m.startswith("question_bank")):
        assert not [to for to in imports(module) if to.startswith("autograder")], module


def test_no_function_takes_or_does_too_much() -> None:
    """A dozen parameters (an option of a command is one) and a hundred lines are too many for a reader."""
    for module, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                assert len(parameters) <= MOST_PARAMETERS, f"{module}.{node.name} takes {len(parameters)}"
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines < MOST_LINES, f"{module}.{node.name} has {lines} lines"


def test_no_module_imports_itself_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module not in done:
            for to in at_start(module):
                visit(to, (*path, module))
            done.add(module)

    for module in SOURCES:
        visit(module, ())


def test_packages_do_not_import_each_other_in_a_circle_below_the_order() -> None:
    """Also inside judge, exam, exchange and cli: subpackages have an order of their own."""
    edges: dict[tuple[str, str], str] = {}
    for module in SOURCES:
        for to in at_start(module):
            a, b = _subpackage(module), _subpackage(to)
            if a != b and a.split(".")[:2] == b.split(".")[:2]:
                edges[a, b] = f"{module} → {to}"
    for a, b in edges:
        assert (b, a) not in edges or _above(a, b), f"{edges[a, b]} and {edges[b, a]}"


def _subpackage(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts if ".".join(parts) in SOURCES and SOURCES[module].name == "__init__.py" else parts[:-1])


def _above(a: str, b: str) -> bool:
    """A package may use its subpackages and they its modules; modules themselves are in no circle."""
    return a.startswith(f"{b}.") or b.startswith(f"{a}.")


def test_the_device_worker_holds_no_truth_and_no_student() -> None:
    loaded = reached("autograder.judge.device.worker")
    zones = {".".join(m.split(".")[:3]) for m in loaded if "." in m}
    assert not {z for z in zones if z.split(".")[1] in ("assignment", "submission")}, sorted(loaded)
    assert zones & {f"autograder.judge.{part}" for part in ("device", "oracle", "performance")} == {
        "autograder.judge.device"
    }
    assert {m for m in loaded if m.startswith("autograder.sandbox")} == {
        "autograder.sandbox",
        "autograder.sandbox.inside",
        "autograder.sandbox.inside.isolation",
        "autograder.sandbox.inside.lowering",
        "autograder.sandbox.inside.tracing",
    }


def test_the_oracle_meets_no_program_of_a_student() -> None:
    loaded = reached("autograder.judge.oracle.process")
    assert not {m for m in loaded if m.split(".")[1:2] == ["submission"]}, sorted(loaded)


def test_what_runs_inside_the_sandbox_imports_python_and_jax_only() -> None:
    """It is mounted there alone; one module of it may import another."""
    inside = [m for m in SOURCES if m.startswith("autograder.sandbox.inside.")]
    assert len(inside) >= 5
    for module in inside:
        for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1 and f"autograder.sandbox.inside.{node.module}" in inside, module
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                roots = {name.partition(".")[0] for name in names}
                assert roots <= sys.stdlib_module_names | {"jax", "jaxlib", "numpy"}, (
                    f"{module} imports {sorted(roots)}"
                )


@pytest.mark.parametrize(
    "modules",
    [
        [m for m in SOURCES if m in ("autograder.results", "autograder.result_json")],
        [m for m in SOURCES if m.startswith("autograder.report")],
        [m for m in SOURCES if m.startswith("autograder.gradebook")],
        [m for m in SOURCES if m.startswith("question_bank") and not m.startswith("question_bank.templates")],
    ],
    ids=["results", "report", "gradebook", "question_bank"],
)
def test_what_needs_no_arrays_never_loads_jax(modules: list[str]) -> None:
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "print(sorted({m.partition('.')[0] for m in sys.modules} & {'jax', 'jaxlib', 'flax', 'optax'}))"
    ran = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0 and ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_the_question_bank_needs_neither_a_web_server_nor_a_database() -> None:
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "print(sorted({m.partition('.')[0] for m in sys.modules} & {'flask', 'sqlalchemy', 'waitress'}))"
    modules = [m for m in SOURCES if m.startswith("question_bank")]
    ran = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0 and ran.stdout.strip() == "[]", ran.stdout + ran.stderr
