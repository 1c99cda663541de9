"""One failing class under two secrets: what students get is the same bytes wherever the outcomes are the same."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import COURSE, Ran
from helpers.student_outputs import student_outputs

from autograder.result_json import from_json
from autograder.results import FAILED, FailureKind, Result
from autograder.sandbox import bubblewrap

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()

# Each fails in ways of its own; together they fail in every way that a case can.
CLASS = {
    "anna": SOLUTION,
    "ben": "def standardize(x, *, axis):\n    return x\n\n\ndef momentum(state, grad):\n    return state\n",
    "cleo": "def standardize(x, *, axis):\n    return jnp.log(-jnp.abs(x))\n"
    "\n\ndef momentum(state, grad):\n    return {}\n",
    "dora": "def standardize(x, *, axis):\n    print('sizes', x.shape)\n    return x.sum(axis)\n"
    "\n\ndef dropout(key, x, *, rate):\n    return 1.5 * x\n",
    "emil": "def standardize(x, *, axis):\n    if x.sum() > 0:\n        return x\n    return -x\n"
    "\n\ndef momentum(state, grad):\n    return state['nothing']\n",
    "fred": "def standardize(x, *, axis):\n    return jnp.sort(x, axis=axis)\n"
    "\n\ndef dropout(key, x, *, rate):\n    raise SystemExit\n",
    "gina": "def standardize(x, *, axis):\n    y = x - x.mean(axis, keepdims=True)\n"
    "    return y / y.std(axis, keepdims=True, ddof=1)\n",
    # right at the printed sizes only
    "hugo": "_right = standardize\n\n\ndef standardize(x, *, axis):\n    print(x.shape)\n"
    "    return _right(x, axis=axis) if x.shape == (4, 5) else 2 * x\n",
    "iris": "_right = standardize\n\n\ndef standardize(x, *, axis):\n"
    "    return _right(x, axis=axis) if x.shape == (4, 5) else x.sum(axis)\n"
    "\n\n_move = momentum\n\n\ndef momentum(state, grad):\n"
    "    return _move(state, grad) if state['w'].shape == (3,) else state['no key for ' + str(state['w'].shape)]\n",
    "jan": "def momentum(state, grad):\n    state['w'] = state['w'] - grad['w']\n    return state\n"
    "\n\ndef standardize(x, *, axis):\n"
    "    return jax.lax.while_loop(lambda y: y[0, 0] < jnp.inf, lambda y: 0.5 * y + 1, x)\n",
    "kim": "import os\nos.system('ls')\n\n\ndel standardize\n",
}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for name, text in CLASS.items():
        (folder / f"{name}.py").write_text(text if name == "anna" else f"{SOLUTION}\n\n{text}")
    return folder


def _grade(command: Callable[..., Ran], work: Path, folder: Path, secret: str) -> dict[str, Result]:
    (folder / "course.key").write_text(secret)
    sandbox = () if bubblewrap.probe().isolated else ("--unsandboxed",)
    options = ("-a", "toy", "--root", COURSE, "--key-file", folder / "course.key", "--quick", "--device", "cpu")
    ran = command("grade", work, *options, "-o", folder / "out", "--quiet", *sandbox)
    assert ran.code == 1, ran.err
    found = [from_json(p.read_text()) for p in (folder / "out" / "results").glob("*.json")]
    return {result.submission: result for result in found}


def _outcomes(result: Result) -> dict[tuple[str, str, bool], set[str]]:
    found: dict[tuple[str, str, bool], set[str]] = {}
    for check in result.checks:
        for case in check.cases:
            found.setdefault((check.name, case.label, case.public), set()).add(f"{case.outcome} {case.kind}")
    return found


def test_students_get_the_same_bytes(command: Callable[..., Ran], work: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = _grade(command, work, tmp_path / "one", "a" * 32)
    two = _grade(command, work, tmp_path / "two", "b" * 32)
    assert set(one) == set(two) and len(one) == len(CLASS)
    kinds: set[FailureKind] = set()
    sets = set()
    for name, result in one.items():
        other = two[name]
        assert _outcomes(result) == _outcomes(other), name  # else the comparison below says nothing
        assert result != other
        sets |= {result.provenance.draw_set != other.provenance.draw_set}
        kinds |= {case.kind for check in result.checks for case in check.cases if case.kind is not None}
        assert result.score is not None and other.score is not None
        assert result.score.checks == other.score.checks
        there = student_outputs(other)
        for kind, text in student_outputs(result).items():
            assert text == there[kind], (name, kind)
    assert True in sets, "no submission had another draw set, so hidden sizes were never compared"
    assert kinds == set(FailureKind) - {FailureKind.MEASURED}, "the class does not fail in every way"
    pages = sorted(p.name for p in (tmp_path / "one" / "out" / "students").iterdir())
    assert len(pages) == 2 * len(CLASS)
    for page in pages:
        first, second = ((tmp_path / side / "out" / "students" / page).read_bytes() for side in ("one", "two"))
        assert first == second, page
    # Instructors see what differs.
    instructors = [p.name for p in (tmp_path / "one" / "out" / "instructor").iterdir()]
    assert all(
        (tmp_path / "one" / "out" / "instructor" / p).read_bytes()
        != (tmp_path / "two" / "out" / "instructor" / p).read_bytes()
        for p in instructors
        if "kim" not in p
    )


def test_what_is_hidden_leaves_no_number(command: Callable[..., Ran], work: Path, tmp_path: Path) -> None:
    """What fails at hidden sizes only is told by its kind; prints and errors of hidden calls are not."""
    results = _grade(command, work, tmp_path, "c" * 32)
    hugo, iris = results["hugo.py"], results["iris.py"]
    assert hugo.output == "(4, 5)\n" * hugo.output.count("\n") and hugo.output
    said = [c.message for check in iris.checks for c in check.cases if c.outcome == FAILED]
    hidden = {match for message in said for match in re.findall(r"no key for \(\d+,\)", message)}
    assert len(hidden) == 1  # instructors know
    assert not any(c.public for check in iris.checks for c in check.cases if c.outcome == FAILED)
    for name, text in student_outputs(iris).items():
        assert not any(text.count(message) for message in hidden), name
    assert hugo.counterexamples and hugo.counterexamples[0].function == "standardize"
    assert results["gina.py"].counterexamples[0].call == "standardize(jnp.array([[1.0, 3.0]]), axis=1)"


def test_a_changed_comment_is_still_a_copy(command: Callable[..., Ran], tmp_path: Path) -> None:
    """Copies have equal programs at printed sizes, whatever their draw sets and the code beside are."""
    folder = tmp_path / "work"
    folder.mkdir()
    wrong = f"{SOLUTION}\n\n{CLASS['gina']}"
    (folder / "gina.py").write_text(wrong)
    (folder / "copy.py").write_text(f"# mine\n{wrong}")
    for n in range(6):  # other names elsewhere: other draw sets
        (folder / f"copy{n}.py").write_text(f"{wrong}\n\n_unused = {n}\n")
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    results = _grade(command, folder, tmp_path, "d" * 32)
    assert len({r.provenance.draw_set for r in results.values()}) > 1
    assert results["gina.py"].provenance.draw_set == results["copy.py"].provenance.draw_set
    # Each function has one printed case that everybody answers; the check with that case has a program.
    programs = {tuple((c.name, c.program) for c in r.checks if c.program) for r in results.values()}
    assert len(programs) == 1
    assert {name for name, _ in next(iter(programs))} >= {"standardize_values", "momentum_path", "dropout_keeps_mean"}
    page = (tmp_path / "out" / "index.html").read_text()
    assert "copy.py" in page and "gina.py" in page
