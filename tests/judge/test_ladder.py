"""Counterexamples: the first wrong rung, with a call that runs."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.commands import COURSE
from helpers.sessions import plan_of

from autograder.checks import case, key
from autograder.errors import UserError
from autograder.grading.explain import explain_function
from autograder.grading.grade import Session, grade_one
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.written import written, written_call
from autograder.submission.read import read_submission

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()


def _submission(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "submission.py"
    path.write_text(f"{SOLUTION}\n\n{text}")
    return path


@pytest.mark.parametrize(
    ("text", "passed", "label", "actual"),
    [
        (
            "def standardize(x, *, axis):\n    return x - x.mean(axis, keepdims=True)",
            1,  # of two numbers with a standard deviation of one, centring is all there is to do
            "two rows",
            "[[-1.0, 1.0], [-3.0, 3.0]]",
        ),
        ("def standardize(x, *, axis):\n    return 0 * x", 0, "one row of two numbers", "[[0.0, 0.0]]"),
        (
            "_right = standardize\ndef standardize(x, *, axis):\n    return _right(x, axis=1)",
            2,
            "two columns",
            "[[-1.0, 1.0], [-1.0, 1.0]]",
        ),
    ],
    ids=["first rung right", "first rung wrong", "last rung wrong"],
)
def test_the_first_wrong_rung_is_shown(
    open_session: Session, evaluator: Evaluator, tmp_path: Path, text: str, passed: int, label: str, actual: str
) -> None:
    result = grade_one(_submission(tmp_path, text), open_session, evaluator)
    (found,) = result.counterexamples
    assert (found.function, found.passed, found.label, found.actual) == ("standardize", passed, label, actual)
    # The call is Python that gives what the counterexample says.
    names = {"jnp": jnp, "jax": jax}
    exec(compile(f"import jax\nimport jax.numpy as jnp\n{SOLUTION}\n\n{text}", "s.py", "exec"), names)
    given = eval(found.call, names)
    np.testing.assert_allclose(given, np.array(eval(found.actual)), rtol=1e-4)
    exec(compile(f"import jax\nimport jax.numpy as jnp\n{SOLUTION}", "s.py", "exec"), names)
    np.testing.assert_allclose(eval(found.call, names), np.array(eval(found.expected)), rtol=1e-4, atol=1e-6)


def test_a_rung_without_a_program_says_why(open_session: Session, evaluator: Evaluator, tmp_path: Path) -> None:
    text = "def momentum(state, grad):\n    return state['nothing']"
    result = grade_one(_submission(tmp_path, text), open_session, evaluator)
    (found,) = result.counterexamples
    assert found.function == "momentum" and found.passed == 0 and "KeyError" in found.actual
    assert found.where.startswith("submission.py, line") and found.code == "return state['nothing']"


def test_right_work_and_faults_of_ours_have_none(
    open_session: Session, evaluator: Evaluator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grade_one(_submission(tmp_path, ""), open_session, evaluator).counterexamples == ()
    wrong = _submission(tmp_path, "def standardize(x, *, axis):\n    return 0 * x")
    from autograder.grading import grade

    trace = grade.trace

    def only_once(submission, assignment, calls, *rest):  # type: ignore[no-untyped-def]
        if calls.keys() & plan_of(open_session).ladder_calls().keys():
            raise RuntimeError("a bug of ours")
        return trace(submission, assignment, calls, *rest)

    monkeypatch.setattr(grade, "trace", only_once)
    result = grade_one(wrong, open_session, evaluator)
    assert result.counterexamples == () and result.problem is None and result.score is not None


def test_a_function_is_explained_alone(open_session: Session, evaluator: Evaluator, tmp_path: Path) -> None:
    path = _submission(tmp_path, "def standardize(x, *, axis):\n    return 0 * x")
    found = explain_function(read_submission(path), open_session, evaluator, "standardize")
    assert found.counterexample is not None and found.counterexample.label == found.rungs[0]
    found = explain_function(read_submission(path), open_session, evaluator, "momentum")
    assert found.counterexample is None and len(found.rungs) == 3
    with pytest.raises(UserError, match=r"toy has no function 'relu' \(known: standardize, momentum\)"):
        explain_function(read_submission(path), open_session, evaluator, "relu")
    with pytest.raises(UserError, match="dropout has no small cases"):
        explain_function(read_submission(path), open_session, evaluator, "dropout")
    missing = explain_function(read_submission(tmp_path / "none.py"), open_session, evaluator, "standardize")
    assert missing.problem is not None and missing.counterexample is None


def test_calls_are_written_as_python() -> None:
    rng = np.random.default_rng(0)
    params = [{"w": np.array([[1.0, 0.5]]), "b": np.zeros(2)}]
    one = case("a", params, None, [True, False], np.int32(3), [np.inf, -np.inf, np.nan, 1e-20], key(rng), act="tanh")
    text = written_call("f", one)
    got: list[object] = []
    eval(text, {"jnp": jnp, "jax": jax, "f": lambda *args, **static: got.extend([args, static])})
    args, static = got
    assert static == {"act": "tanh"} and args[1] is None  # type: ignore[index]
    for written_, meant in zip(jax.tree.leaves(args[:5]), jax.tree.leaves(one.args[:5]), strict=True):  # type: ignore[index]
        np.testing.assert_array_equal(written_, meant)
        assert written_.dtype == meant.dtype
    assert np.array_equal(jax.random.key_data(args[5]), one.args[5].data)  # type: ignore[index]
    assert max(map(len, text.splitlines())) < 120


def test_values_are_short() -> None:
    assert written({"a": (np.float32(1 / 3),), "b": None}) == "{'a': (0.33333,), 'b': None}"
    assert written(np.array([[1, 2]])) == "[[1, 2]]" and written(np.array(2.0)) == "2.0"
    assert written(np.array([1e-9, np.inf])) == "[1e-09, inf]"
