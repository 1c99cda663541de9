"""One cause is told once: what rests on a statement that was set aside says so, and is no fault of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import COURSE

from autograder.grading.grade import Session, grade_one
from autograder.judge.device.evaluator import Evaluator
from autograder.results import FAILED, PASSED, SKIPPED, Result

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()

# Each sets a helper aside that standardize needs: (text before, text after, line of the cause).
CASES = {
    "a refused function": ("import os\ndef centre(x, axis):\n    os.getcwd()\n    return x", "", 3),
    "a dict of functions": (
        "import os\ndef centre_(x, axis):\n    os.getcwd()\n    return x\nTABLE = {'c': centre_}\ncentre = TABLE['c']",
        "", 3,
    ),
    "a statement that raised": ("centre = [][1]", "", 1),
    "what rests on a statement that raised": (
        "first = [][1]\nsecond = first + 1\ncentre = lambda x, axis: second", "", 1,
    ),
    "what cannot be read": ("def centre(x, axis:\n    return x", "", 1),
    "a class": ("import os\nclass Net:\n    path = os.path\ncentre = Net()", "", 3),
}  # fmt: skip


@pytest.fixture
def graded(open_session: Session, evaluator: Evaluator, tmp_path: Path):  # type: ignore[no-untyped-def]
    def grade(text: str) -> Result:
        path = tmp_path / "submission.py"
        path.write_text(text)
        return grade_one(path, open_session, evaluator)

    return grade


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_told_once(name: str, graded) -> None:  # type: ignore[no-untyped-def]
    before, after, line = CASES[name]
    body = "def standardize(x, *, axis):\n    y = centre(x, axis)\n    return y / y.std(axis, keepdims=True)\n"
    result = graded(f"{before}\n{SOLUTION}\n\n{body}{after}")
    where = f"submission.py, line {line}"
    told = [f.where for f in result.findings if f.severity != "note" and f.name != "os"]
    assert told in ([], [where])  # an import that is refused is told of beside its use
    checks = {c.name: c for c in result.checks}
    assert checks["standardize_values"].outcome == SKIPPED
    assert all(c.where == where for c in checks["standardize_values"].cases)
    assert "centre" in checks["standardize_values"].message or "second" in checks["standardize_values"].message
    assert "NameError" not in str(result) and "AttributeError" not in str(result)
    assert checks["momentum_path"].outcome == PASSED


def test_a_function_that_was_set_aside_itself_fails(graded) -> None:  # type: ignore[no-untyped-def]
    text = SOLUTION.replace("    centred = x", "    __import__('os')\n    centred = x")
    checks = {c.name: c for c in graded(text).checks}
    assert checks["standardize_values"].outcome == FAILED
    assert checks["twice_values"].outcome == SKIPPED  # given.twice calls it: the fault is not there


def test_a_library_that_lacks_the_name_is_no_consequence(graded) -> None:  # type: ignore[no-untyped-def]
    text = "import os\ndef centre(x):\n    return os\n"
    body = "def standardize(x, *, axis):\n    return jnp.centre(x)\n"
    result = graded(f"{text}{SOLUTION}\n\n{body}")
    check = next(c for c in result.checks if c.name == "standardize_values")
    assert check.outcome == FAILED and "jax.numpy" in check.message
