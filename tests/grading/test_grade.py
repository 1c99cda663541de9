"""Grading: resumable, side by side, and never a student's zero for a fault of ours."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import COURSE, Ran
from helpers.results import our_fault, problem_text
from helpers.sessions import expected_of, plan_of, session_of, with_answers

from autograder.assignment.load import load_folder
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import PUBLIC
from autograder.cli.common import exit_code
from autograder.grading import grade
from autograder.grading.batch import grade_many
from autograder.grading.grade import Session, grade_one, stored, write_result
from autograder.grading.options import RunOptions
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.process import DeviceError
from autograder.judge.judge import MEASURED
from autograder.judge.oracle.expected import ReferenceFailedError, obtain
from autograder.result_json import from_json, to_json
from autograder.results import FAILED, LEFT_OUT, NOT_JUDGED, PASSED, SKIPPED, Fault, Result
from autograder.sandbox.trace import TracerError
from autograder.submission.collect import result_name
from autograder.submission.read import read_submission

SOLUTION = COURSE / "reference" / "toy" / "solution.py"
QUICK = RunOptions(quick=True)


@pytest.fixture
def fresh(open_session: Session) -> Session:
    return dataclasses.replace(open_session, cache=ResultCache())


@pytest.fixture(scope="module")
def right(open_session: Session, evaluator: Evaluator) -> Result:
    """The solution, graded by its numbers."""
    return grade_one(SOLUTION, open_session, evaluator)


def _numbers(result: Result) -> set[str]:
    return {c.outcome for c in result.checks if c.kind not in MEASURED}


def _write(path: Path, **replaced: str) -> Path:
    """The solution with functions replaced."""
    text = SOLUTION.read_text()
    for name, body in replaced.items():
        text += f"\n\ndef {name}:\n    {body}\n"
    path.write_text(text)
    return path


def test_a_right_submission(right: Result, open_session: Session) -> None:
    assert _numbers(right) == {PASSED}, [c.message for c in right.checks]
    assert all(c.outcome == LEFT_OUT for c in right.checks if c.kind in MEASURED)
    assert right.score is not None and right.score.points == 18 and not right.findings and not right.problem
    made = right.provenance
    assert (made.assignment, made.seed, made.sandbox) == ("toy", "public", "none")
    assert made.device.startswith("cpu: ") and set(made.libraries) >= {"jax", "flax", "optax", "numpy"}
    assert made.seconds["all"] > 0 and min(made.seconds.values()) >= 0
    assert from_json(to_json(right)) == right


def test_every_kind_of_wrong_is_told_apart(open_session: Session, evaluator: Evaluator, tmp_path: Path) -> None:
    path = _write(
        tmp_path / "anna.py",
        **{
            "standardize(x, *, axis)": "return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True, ddof=1)",
            "momentum(state, grad)": "return {'w': state['w'] - 0.1 * grad['w'], 'v': 0.9 * state['v'] + grad['w']}",
            "dropout(key, x, *, rate)": "return x if x.sum() > 0 else -x",
        },
    )
    result = grade_one(path, open_session, evaluator)
    found = {c.name: c for c in result.checks}
    values = found["standardize_values"]
    assert (values.outcome, values.mistake) == (FAILED, "divides_by_n_minus_one")
    assert values.hint.startswith("You divide by n - 1") and values.topic == "standardisation"
    case = values.cases[0]
    assert case.place is not None and case.error is not None and case.tolerance is not None
    assert case.error > case.tolerance and case.inputs == "float32(4, 5), axis=1"
    gradients = found["standardize_gradients"]
    assert gradients.outcome == FAILED
    assert "gradient of what your function computes" in gradients.cases[0].message
    assert gradients.cases[0].statistics["finite differences / gradient"] == pytest.approx(1, abs=0.05)
    for name in ("standardize_far", "twice_values"):
        assert found[name].outcome == SKIPPED and "waits for standardize_values" in found[name].message
    path_of = found["momentum_path"]
    assert "leaves the reference's path at step 2 of 8: at state['" in path_of.message and not path_of.mistake
    dropout = found["dropout_keeps_mean"]
    assert "a Python `if`" in dropout.message and dropout.cases[0].code == "return x if x.sum() > 0 else -x"
    assert dropout.cases[0].where.startswith("anna.py, line ")
    assert result.score is not None and result.score.points == 0
    assert exit_code([result]) == 1


def test_a_property_says_which_statement_does_not_hold(
    open_session: Session, evaluator: Evaluator, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.py", **{"dropout(key, x, *, rate)": "return jnp.zeros_like(x)"})
    found = {c.name: c for c in grade_one(path, open_session, evaluator).checks}["dropout_keeps_mean"]
    assert found.outcome == FAILED and found.message == "mean of the output is 0, expected between 0.9 and 1.1"
    assert found.cases[0].statistics == {"mean of the output": 0, "share of zeros": 1}


def test_a_gradient_that_is_not_its_functions_own(open_session: Session, evaluator: Evaluator, tmp_path: Path) -> None:
    body = "x = 0.5 * x + jax.lax.stop_gradient(0.5 * x)\n    c = x - x.mean(axis, keepdims=True)\n    "
    path = _write(
        tmp_path / "a.py",
        **{"standardize(x, *, axis)": body + "return c / jnp.sqrt((c**2).mean(axis, keepdims=True))"},
    )
    found = {c.name: c for c in grade_one(path, open_session, evaluator).checks}
    assert found["standardize_values"].outcome == PASSED
    assert "2 times too small" in found["standardize_gradients"].message or "0.5 times" in (
        found["standardize_gradients"].message
    )
    assert "look for stop_gradient or a custom rule" in found["standardize_gradients"].message


def test_a_run_goes_on_where_it_stopped(fresh: Session, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    paths = [_write(work / "anna.py"), _write(work / "ben.py", **{"other()": "return 0"}), work / "cleo.py"]
    paths[2].write_text("")
    out = tmp_path / "results"
    seen: list[tuple[str, bool]] = []

    def interrupted(result: Result, kept: bool) -> None:
        seen.append((result.submission, kept))
        raise KeyboardInterrupt

    def done(result: Result, kept: bool) -> None:
        seen.append((result.submission, kept))

    options = RunOptions(device="cpu", jobs=1, quick=True)
    with pytest.raises(KeyboardInterrupt):
        grade_many(paths, fresh, out, options, on_result=interrupted)
    assert (out / result_name(paths[0])).exists() and seen == [("anna.py", False)]

    seen.clear()
    first = grade_many(paths, fresh, out, options, on_result=done)
    assert [r.submission for r in first] == ["anna.py", "ben.py", "cleo.py"]
    assert dict(seen) == {"anna.py": True, "ben.py": False, "cleo.py": False} or dict(seen)["ben.py"] is True
    assert _numbers(first[0]) == _numbers(first[1]) == {PASSED} and "empty" in problem_text(first[2])
    assert fresh.cache.hits > 0  # two equal submissions are judged once

    seen.clear()
    _write(paths[1], **{"momentum(state, grad)": "return state"})
    second = grade_many(paths, fresh, out, options, on_result=done)
    assert dict(seen) == {"anna.py": True, "ben.py": False, "cleo.py": False}
    assert second[0] == first[0] and FAILED in _numbers(second[1])
    assert sorted(os.listdir(out)) == sorted(result_name(p) for p in paths)  # and nothing else


def test_what_a_stored_result_rests_on(right: Result, fresh: Session, tmp_path: Path) -> None:
    device = right.provenance.device
    solution, target = read_submission(SOLUTION), tmp_path / "result.json"

    def kept(result: Result = right, quick: bool = True, device: str = device, session: Session = fresh) -> bool:
        write_result(result, target)
        return stored(solution, target, session, device, RunOptions(quick=quick)) is not None

    assert kept()
    assert not kept(quick=False)  # its speed was left out
    assert not kept(device="gpu: H100")
    for name in ("assignment", "assignment_sha256", "engine_version", "submission_sha256", "seed", "sandbox"):
        assert not kept(dataclasses.replace(right, provenance=dataclasses.replace(right.provenance, **{name: "other"})))
    awaiting = dataclasses.replace(right.checks[0], outcome=NOT_JUDGED)
    assert not kept(grade.score(dataclasses.replace(right, checks=(awaiting, *right.checks[1:])), fresh.assignment))
    assert not kept(dataclasses.replace(right, checks=(), problem=our_fault("the sandbox failed")))
    assert kept()
    for damage in ("", "{", "[]", to_json(right)[:-20]):
        target.write_text(damage)
        assert stored(solution, target, fresh, device, QUICK) is None
    # A changed rubric is applied to what is kept.
    assignment = dataclasses.replace(fresh.assignment, points={**fresh.assignment.points, "momentum_path": 40.0})
    richer = session_of(dataclasses.replace(plan_of(fresh), assignment=assignment), expected_of(fresh), fresh.sandbox)
    write_result(right, target)
    found = stored(solution, target, richer, device, QUICK)
    assert found is not None and found.score is not None and found.score.points == 18 + 36


def test_results_are_stored_in_one_step(right: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "anna.json"
    write_result(right, path)
    before = path.read_text()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_result(dataclasses.replace(right, submission="other"), path)
    assert path.read_text() == before and os.listdir(tmp_path) == ["anna.json"]


@pytest.mark.parametrize("name", ["a b.py", "ä" * 120 + ".py", "..", "-rf.py", "a\nb.py", "CON.ipynb", "x\udce9.py"])
def test_names_of_results_are_safe(name: str) -> None:
    found = result_name(Path("/students") / name)
    assert found.isascii() and found.isprintable() and len(found) < 80 and "/" not in found
    assert not found.startswith((".", "/")) and found.endswith(".json")
    assert found != result_name(Path("/students") / (name + "x")) and found != result_name(Path("/elsewhere") / name)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TracerError("bwrap: no space left"), "bwrap: no space left"),
        (DeviceError("no such device"), "no such device"),
        (ZeroDivisionError("a bug of ours"), "ZeroDivisionError: a bug of ours"),
    ],
)
def test_a_fault_of_ours_is_nobodys_zero(
    fresh: Session, evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(grade, "trace", fail)
    result = grade_one(SOLUTION, fresh, evaluator)
    assert result.problem is not None and (result.problem.fault, result.problem.message) == (Fault.OURS, says)
    assert result.score is None and not result.checks
    assert exit_code([result]) == 3


def test_a_reference_that_fails_in_one_probe_is_not_judged_there(fresh: Session, evaluator: Evaluator) -> None:
    broken = {p.key: "ValueError: no" for p in plan_of(fresh).probes["momentum_path"]}
    answers = dataclasses.replace(expected_of(fresh), problems=broken)
    result = grade_one(SOLUTION, with_answers(fresh, answers), evaluator)
    found = {c.name: c for c in result.checks}
    assert found["momentum_path"].outcome == NOT_JUDGED
    assert found["momentum_path"].message == "our reference failed here: ValueError: no"
    assert found["line_learns"].outcome == LEFT_OUT  # whatever it rests on
    assert found["standardize_values"].outcome == PASSED
    assert result.score is not None and not result.score.judged
    assert exit_code([result]) == 3


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("def standardize(x, *, axis):\n    raise ValueError('no')\n", "our reference failed here: ValueError: no"),
        ("def standardize(x):\n    return x\n", "our reference failed here: TypeError"),
    ],
    ids=["raises", "signature"],
)
def test_a_broken_reference_ends_with_exit_code_3(
    command: Callable[..., Ran], tmp_path: Path, broken: str, says: str
) -> None:
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    reference = tmp_path / "course" / "reference" / "toy" / "reference.py"
    reference.write_text(reference.read_text() + "\n\n" + broken)
    out = tmp_path / "graded"
    options = ("--public", "--unsandboxed", "--quick", "--device", "cpu", "-o", out, "--json")
    ran = command("grade", SOLUTION, "-a", "toy", "--root", tmp_path / "course", *options)
    assert ran.code == 3, ran.err
    result = json.loads(ran.out)[0]
    outcomes = {c["name"]: c["outcome"] for c in result["checks"]}
    assert outcomes["standardize_values"] == NOT_JUDGED and outcomes["momentum_path"] == PASSED
    assert result["score"]["judged"] is False
    assert says in next(c["message"] for c in result["checks"] if c["name"] == "standardize_values")


def test_a_reference_that_cannot_even_be_imported_says_so(tmp_path: Path) -> None:
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    reference = tmp_path / "course" / "reference" / "toy"
    (reference / "reference.py").write_text("import nowhere\n")
    loaded = load_folder(tmp_path / "course" / "assignments" / "toy", reference)
    plan = make_plan(loaded, PUBLIC.keys("toy"))
    with pytest.raises(ReferenceFailedError, match=r"'toy' failed: .*reference\.py: ModuleNotFoundError"):
        obtain(plan, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())  # nothing half-made is kept


def test_rules_that_changed_are_another_assignment(toy_plan: object, tmp_path: Path) -> None:
    """What a submission may do, and how long, are part of what a result rests on; points are not."""
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    folder, reference = (tmp_path / "course" / half / "toy" for half in ("assignments", "reference"))
    settings = folder / "assignment.toml"
    text = settings.read_text()

    def digest(old: str, new: str) -> str:
        assert old in text
        settings.write_text(text.replace(old, new))
        return load_folder(folder, reference).sha256

    before = load_folder(folder, reference).sha256
    assert digest("momentum_path = 4", "momentum_path = 5") == before
    assert digest('title = "Toy', 'title = "Boy') == before
    assert digest("by_hand = true", "by_hand = false") != before
    assert digest('"threading" = ["Thread"]', '"threading" = ["*"]') != before
    assert digest("memory_mb = 900", "memory_mb = 901") != before
    (folder / "given.py").write_text((folder / "given.py").read_text() + "\n")
    assert digest("Toy", "Toy") != before
