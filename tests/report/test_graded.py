"""What grading leaves for the reports: error maps, operations, the student's own lines, the attempt before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import COURSE, Ran

from autograder.grading.grade import Session, grade_one
from autograder.judge.device.evaluator import Evaluator
from autograder.report import instructor_page
from autograder.report.error_map_svg import words
from autograder.result_json import from_json, to_json

SOLUTION = COURSE / "reference" / "toy" / "solution.py"
WRONG = "def standardize(x, *, axis):\n    y = (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)\n"
WRONG += "    return y.at[-1].multiply(2)\n"
EARLY = "import jax.numpy as jnp\n\n\ndef standardize(x, *, axis):\n    return x if x[0, 0] > 0 else -x\n"


def test_grading_stores_where_an_output_differs_and_what_programs_are_made_of(
    open_session: Session, evaluator: Evaluator, tmp_path: Path
) -> None:
    (tmp_path / "ada.py").write_text(WRONG)
    result = grade_one(tmp_path / "ada.py", open_session, evaluator)
    values = next(c for c in result.checks if c.name == "standardize_values")
    maps = [c.error_map for c in values.cases if c.error_map is not None]
    assert len(maps) == 1 and "only the last row" in words(maps[0])
    assert values.operations["subtract"] >= 1 and "func.func" not in values.operations
    assert from_json(to_json(result)) == result
    page = instructor_page(result, assignment_title="Toy")
    assert "<code>subtract</code>" in page and "only the last row" in page
    solved = grade_one(SOLUTION, open_session, evaluator)
    assert all(c.error_map is None for e in solved.checks for c in e.cases)
    assert len(to_json(solved)) < 60_000


@pytest.mark.sandbox
def test_a_second_hand_in_says_what_changed_and_shows_the_own_lines(
    command: Callable[..., Ran], tmp_path: Path, full_sandbox: object
) -> None:
    work, out = tmp_path / "work", tmp_path / "graded"
    work.mkdir()
    (work / "ada.py").write_text(EARLY)
    options = ("-a", "toy", "--root", COURSE, "-o", out, "--quick", "--device", "cpu", "--public", "--quiet")
    assert command("grade", work, *options).code == 1
    student = out / "students" / "ada-py.html"
    first = student.read_text(encoding="utf-8")
    assert "Since your last attempt" not in first
    assert '<li value="4"><code>def standardize(x, *, axis):</code></li>' in first  # from the file itself
    shutil.copy(SOLUTION, work / "ada.py")
    for _ in range(2):  # the second time nothing is new, and the page stays
        command("grade", work, *options)
        assert "Since your last attempt" in student.read_text(encoding="utf-8")
    command("report", out, "--root", COURSE)
    assert "Since your last attempt" in student.read_text(encoding="utf-8")
