"""Grading: resumable, side by side, and never a student's zero for a fault of ours."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import COURSE, Ran

from autograder import grade
from autograder.answers import ReferenceFailed, obtain
from autograder.assignment import load_folder
from autograder.batch import grade_many
from autograder.cli.common import exit_code
from autograder.device import DeviceError
from autograder.evaluate import Evaluator, Memory
from autograder.grade import Session, file_name, grade_one, stored, write_result
from autograder.judge import LEFT_OUT, MEASURED
from autograder.plan import PUBLIC, make_plan
from autograder.results import FAILED, NOT_JUDGED, PASSED, SKIPPED, Result, from_json, to_json
from autograder.tracing import TracerError

SOLUTION = COURSE / "reference" / "toy" / "solution.py"


@pytest.fixture
def fresh(open_session: Session) -> Session:
    return dataclasses.replace(open_session, memory=Memory())


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
    assert all(c.outcome == SKIPPED and c.message == LEFT_OUT for c in right.checks if c.kind in MEASURED)
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
        assert found[name].outcome == SKIPPED and "rests on standardize_values" in found[name].message
    path_of = found["momentum_path"]
    assert "leaves the reference's path at step 2 of 8" in path_of.message and not path_of.mistake
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

    options: dict[str, Any] = {"device": "cpu", "quick": True, "jobs": 1}
    with pytest.raises(KeyboardInterrupt):
        grade_many(paths, fresh, out, done=interrupted, **options)
    assert (out / file_name(paths[0])).exists() and seen == [("anna.py", False)]

    seen.clear()
    first = grade_many(paths, fresh, out, done=done, **options)
    assert [r.submission for r in first] == ["anna.py", "ben.py", "cleo.py"]
    assert dict(seen) == {"anna.py": True, "ben.py": False, "cleo.py": False} or dict(seen)["ben.py"] is True
    assert _numbers(first[0]) == _numbers(first[1]) == {PASSED} and "empty" in first[2].problem
    assert fresh.memory.hits > 0  # two equal submissions are judged once

    seen.clear()
    _write(paths[1], **{"momentum(state, grad)": "return state"})
    second = grade_many(paths, fresh, out, done=done, **options)
    assert dict(seen) == {"anna.py": True, "ben.py": False, "cleo.py": False}
    assert second[0] == first[0] and FAILED in _numbers(second[1])
    assert sorted(os.listdir(out)) == sorted(file_name(p) for p in paths)  # and nothing else


def test_what_a_stored_result_rests_on(right: Result, fresh: Session, tmp_path: Path) -> None:
    device = right.provenance.device

    def kept(result: Result = right, quick: bool = True, device: str = device, session: Session = fresh) -> bool:
        write_result(result, tmp_path / file_name(SOLUTION))
        return stored(SOLUTION, tmp_path, session, device, quick) is not None

    assert kept()
    assert not kept(quick=False)  # its speed was left out
    assert not kept(device="gpu: H100")
    for name in ("assignment", "assignment_sha256", "engine_version", "submission_sha256", "seed", "sandbox"):
        assert not kept(dataclasses.replace(right, provenance=dataclasses.replace(right.provenance, **{name: "other"})))
    awaiting = dataclasses.replace(right.checks[0], outcome=NOT_JUDGED)
    assert not kept(grade.score(dataclasses.replace(right, checks=(awaiting, *right.checks[1:])), fresh.assignment))
    assert not kept(dataclasses.replace(right, checks=(), problem="not judged: the sandbox failed"))
    assert kept()
    for damage in ("", "{", "[]", to_json(right)[:-20]):
        (tmp_path / file_name(SOLUTION)).write_text(damage)
        assert stored(SOLUTION, tmp_path, fresh, device, True) is None
    # A changed rubric is applied to what is kept.
    assignment = dataclasses.replace(fresh.assignment, points={**fresh.assignment.points, "momentum_path": 40.0})
    richer = dataclasses.replace(fresh, plan=dataclasses.replace(fresh.plan, assignment=assignment))
    write_result(right, tmp_path / file_name(SOLUTION))
    found = stored(SOLUTION, tmp_path, richer, device, True)
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
    found = file_name(Path("/students") / name)
    assert found.isascii() and found.isprintable() and len(found) < 80 and "/" not in found
    assert not found.startswith((".", "/")) and found.endswith(".json")
    assert found != file_name(Path("/students") / (name + "x")) and found != file_name(Path("/elsewhere") / name)


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
    assert result.problem == f"not judged, and not the student's fault: {says}"
    assert result.score is None and not result.checks
    assert exit_code([result]) == 3


def test_a_reference_that_fails_in_one_probe_is_not_judged_there(fresh: Session, evaluator: Evaluator) -> None:
    broken = {p.key: "ValueError: no" for p in fresh.plan.probes["momentum_path"]}
    answers = dataclasses.replace(fresh.answers, problems=broken)
    result = grade_one(SOLUTION, dataclasses.replace(fresh, answers=answers), evaluator)
    found = {c.name: c for c in result.checks}
    assert found["momentum_path"].outcome == NOT_JUDGED
    assert found["momentum_path"].message == "our reference failed here: ValueError: no"
    assert found["line_learns"].outcome == SKIPPED  # it needs the path
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
    plan = make_plan(load_folder(tmp_path / "course" / "assignments" / "toy", reference), PUBLIC)
    with pytest.raises(ReferenceFailed, match=r"'toy' failed: .*reference\.py: ModuleNotFoundError"):
        obtain(plan, tmp_path / "cache")
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
