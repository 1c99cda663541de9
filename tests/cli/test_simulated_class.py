"""The simulated class: the same everywhere, made of submissions that run, graded once where they are equal."""

from __future__ import annotations

import builtins
import dis
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import COURSE, ROOT
from helpers.results import PROVENANCE, check, inert
from rich.console import Console

from autograder.assignment.load import list_assignments, load
from autograder.assignment.seed import PUBLIC
from autograder.cli.demo.simulated_class import EARLIER, run_class_demo
from autograder.cli.demo.students import fits, parts, students, with_mistakes, write_class
from autograder.grading.options import RunOptions
from autograder.judge.oracle.calls import given_module
from autograder.result_json import from_json
from autograder.results import FAILED, PASSED, CheckScore, Result, Score
from autograder.sandbox.bubblewrap import Sandbox

CLASS = 40


def globals_of(code: types.CodeType) -> Iterator[str]:
    yield from (i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL")
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from globals_of(constant)


@pytest.mark.parametrize("slug", list_assignments(ROOT))
def test_every_known_mistake_can_be_put_into_every_solution_that_it_fits(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment, reference = load(slug, ROOT), ROOT / "reference" / slug
    given_module(assignment)
    known = list(parts((reference / "mistakes.py").read_text(encoding="utf-8")))
    assert len(known) > 40 and len({p.mistake for p in known}) == len(known)
    solution = (reference / "solution.py").read_text(encoding="utf-8")
    assert all(fits(solution, p) for p in known)
    styles = [p.read_text(encoding="utf-8") for p in sorted((reference / "styles").glob("*.py"))]
    for base in (solution, *styles[:2]):
        chosen = [p for p in known if fits(base, p)]
        assert len(chosen) > 15
        for part in chosen[:: 1 if base is solution else 5]:
            text = with_mistakes(base, [part])
            code = compile(text, f"{part.mistake}.py", "exec")
            monkeypatch.setitem(sys.modules, "submission", types.ModuleType("submission"))  # for dataclasses
            module = vars(sys.modules["submission"])
            exec(code, module)
            missing = {n for n in globals_of(code) if n not in module and not hasattr(builtins, n)}
            assert not missing, f"{part.mistake}: {missing}"
            assert set(assignment.functions) <= set(module), part.mistake


def test_a_wrong_function_stands_in_the_place_of_the_right_one() -> None:
    mistakes = (
        "import jax.numpy as jnp\nfrom autograder.checks import mistake\nfrom .solution import relu as right_relu\n"
        "from .solution import half\n\n\ndef _twice(x):\n    return 2 * x\n\n\n"
        '@mistake("relu", fails=["a"], topic="t")\ndef doubles(z):\n    """Your hint."""\n'
        "    return _twice(right_relu(z)) + half + jnp.pi\n"
    )
    base = (
        '"""Mine."""\nfrom __future__ import annotations\n\nimport math\n\nhalf = 0.5\n\n\n'
        "# why\ndef relu(z):\n    return max(z, 0)\n\n\ndef last():\n    return relu(1)\n"
    )
    (part,) = parts(mistakes)
    text = with_mistakes(base, [part])
    assert "hint" not in text and "# why" in text and text.startswith('"""Mine."""')
    module: dict[str, Any] = {}
    exec(compile(text, "x", "exec"), module)
    assert module["last"]() == pytest.approx(2 + 0.5 + 3.14159265, abs=1e-6)
    assert not fits(base.replace("half = 0.5", ""), part)
    assert not fits(base + "\n\ndef _twice(x):\n    return x\n", part)  # a helper of the student's own


def test_a_class_is_the_same_each_time(tmp_path: Path) -> None:
    people = students(CLASS)
    assert len({p.stem for p in people}) == CLASS and {p.habit for p in people} >= {"falling", "stopped", "weak"}
    toy = load("toy", COURSE)
    texts = []
    for name in ("a", "b"):
        written = write_class(people, toy, COURSE / "reference" / "toy", tmp_path / name)
        texts.append({p.name: p.read_bytes() for p in written})
    assert texts[0] == texts[1] and len(texts[0]) == CLASS
    assert len(set(texts[0].values())) > 3
    late = write_class(people, toy, COURSE / "reference" / "toy", tmp_path / "c", week=2)
    assert len(late) == sum(p.habit != "stopped" for p in people) < CLASS


def test_the_demo_grades_equal_submissions_once_and_writes_a_page_for_everyone(tmp_path: Path) -> None:
    asked: list[Sequence[Path]] = []

    def grade_all(
        paths: Sequence[Path], loaded: Any, seed: Any, sandbox: Any, folder: Path, options: RunOptions, *, quiet: bool
    ) -> list[Result]:
        assert options.quick and quiet
        (folder / "results").mkdir(parents=True, exist_ok=True)
        asked.append(paths)
        return [_result(p) for p in paths]

    sandbox, people = Sandbox("full", ""), students(CLASS)
    index = run_class_demo(COURSE, tmp_path, PUBLIC, sandbox, Console(quiet=True), True, grade_all, people)
    assert index == tmp_path / "index.html"
    inert(index.read_text(encoding="utf-8"))
    assert len(asked[0]) <= EARLIER and len(asked[1]) < CLASS
    assert all(len({p.read_bytes() for p in paths}) == len(paths) for paths in asked)
    assert len(list((tmp_path / "toy" / "instructor").glob("*.html"))) == CLASS
    copies = list((tmp_path / "toy" / "results").glob("*.json"))
    assert len(copies) == CLASS - len(asked[1]) and from_json(copies[0].read_text()).checks
    page = inert((tmp_path / "toy" / "index.html").read_text(encoding="utf-8"))
    assert f"{CLASS + EARLIER} attempts by {CLASS} students" in " ".join(page.text.split())
    student = next(p for p in (tmp_path / "toy" / "students").glob("*.html") if "Since your last" in p.read_text())
    assert student


def _result(path: Path) -> Result:
    right = len(path.read_bytes()) % 2 == 0
    one = check("one", PASSED if right else FAILED)
    return Result(
        path.name, PROVENANCE, (one,), score=Score(2.0 * right, 2.0, (CheckScore("one", 2.0 * right, 2.0),), True, "r")
    )
