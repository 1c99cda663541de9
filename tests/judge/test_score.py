"""The rubric makes points of evidence; a changed rubric moves points and runs nothing."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import COURSE, Ran
from helpers.results import unreadable

from autograder.assignment.load import Assignment, load
from autograder.grading import grade
from autograder.judge.device import evaluator
from autograder.judge.score import rubric_digest, score
from autograder.result_json import from_json, to_json
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    Provenance,
    Result,
    Score,
)
from autograder.sandbox import trace

PROVENANCE = Provenance("toy", "1", "a", "0.1", "b", "public", "full", "cpu")


def _evidence(toy: Assignment, **cases: tuple[CaseEvidence, ...] | str) -> Result:
    """All checks pass, except those named: by an outcome, or by their cases."""
    found = []
    for check in toy.checks.values():
        given = cases.get(check.name, PASSED)
        if isinstance(given, str):
            outcome, listed = given, (CaseEvidence("a", given, statistics={"ratio low": 1.0}),)
        else:
            outcome, listed = FAILED, given
        found.append(CheckEvidence(check.name, check.title, check.function, check.kind, outcome, listed))
    return Result("anna.py", PROVENANCE, tuple(found))


def _score(toy: Assignment, result: Result) -> Score:
    found = score(result, toy).score
    assert found is not None
    return found


def test_passing_everything_earns_everything(toy: Assignment) -> None:
    found = _score(toy, _evidence(toy))
    assert (found.points, found.possible, found.judged) == (toy.total, toy.total, True)
    assert [c.name for c in found.checks] == list(toy.points)


def _cases(*marks: tuple[str, str]) -> tuple[CaseEvidence, ...]:
    return tuple(CaseEvidence(label, outcome, draw=i) for i, (label, outcome) in enumerate(marks))


@pytest.mark.parametrize(
    ("cases", "part"),
    [
        (_cases(("rows", FAILED), ("columns", PASSED)), 0.5),
        (_cases(("rows", FAILED), ("columns", FAILED)), 0),
        (_cases(("rows", PASSED), ("columns", PASSED), ("rows", FAILED), ("columns", PASSED)), 0.5),
        (_cases(("a", PASSED), ("b", FAILED), ("c", PASSED)), 2 / 3),
    ],
    ids=["half", "none", "a case fails with any of its draws", "two thirds"],
)
def test_partial_credit_by_cases(toy: Assignment, cases: tuple[CaseEvidence, ...], part: float) -> None:
    result = _evidence(toy, standardize_values=cases)
    found = next(c for c in _score(toy, result).checks if c.name == "standardize_values")
    assert found.points == pytest.approx(part * toy.points["standardize_values"], abs=1e-4)
    assert "cases" in found.reason
    strict = dataclasses.replace(toy, credit={"standardize_values": "all"})
    found = next(c for c in _score(strict, result).checks if c.name == "standardize_values")
    assert found.points == 0 and found.reason == "no partial credit: every case must pass"


@pytest.mark.parametrize("outcome", [SKIPPED, NOT_JUDGED, INCONCLUSIVE])
def test_what_was_not_judged_earns_nothing_and_is_not_complete(toy: Assignment, outcome: str) -> None:
    found = _score(toy, _evidence(toy, momentum_path=outcome))
    assert found.points == toy.total - toy.points["momentum_path"]
    assert found.judged == (outcome == SKIPPED)
    assert {c.name: c.reason for c in found.checks}["momentum_path"] == outcome


@pytest.mark.parametrize(("low", "part"), [(1.2, 1.0), (0.8, 1.0), (0.5, 0.6), (0.2, 0.3), (0.1, 0.0)])
def test_speed_earns_the_band_that_the_whole_interval_clears(toy: Assignment, low: float, part: float) -> None:
    case = CaseEvidence("512 by 256", FAILED, statistics={"ratio": 2.0, "ratio low": low, "ratio high": 3.0})
    found = _score(toy, _evidence(toy, standardize_speed=(case,)))
    points = {c.name: c.points for c in found.checks}
    assert points["standardize_speed"] == pytest.approx(part * toy.points["standardize_speed"])


def test_a_failure_without_a_ratio_earns_no_band(toy: Assignment) -> None:
    found = _score(toy, _evidence(toy, standardize_speed=(CaseEvidence("a", FAILED, message="other numbers"),)))
    assert {c.name: c.points for c in found.checks}["standardize_speed"] == 0


def test_nothing_readable_is_zero_and_complete(toy: Assignment) -> None:
    found = _score(toy, Result("a.py", PROVENANCE, problem=unreadable("a.py is empty")))
    assert (found.points, found.judged) == (0, True)
    assert {c.reason for c in found.checks} == {"not attempted"}


def test_evidence_that_lacks_a_check_is_not_complete(toy: Assignment) -> None:
    result = _evidence(toy)
    found = _score(toy, dataclasses.replace(result, checks=result.checks[1:]))
    assert not found.judged


def test_the_rubric_is_named(toy: Assignment) -> None:
    other = dataclasses.replace(toy, points={**toy.points, "momentum_path": 5.0})
    strict = dataclasses.replace(toy, credit={"momentum_path": "all"})
    assert len({rubric_digest(a) for a in (toy, other, strict)}) == 3
    assert _score(toy, _evidence(toy)).rubric_sha256 == rubric_digest(toy)


def test_rescore_moves_points_and_runs_nothing(
    toy: Assignment, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> None:
        raise AssertionError("something was run")

    for place, name in ((trace, "trace"), (grade, "trace"), (grade, "grade_one"), (evaluator.Evaluator, "start")):
        monkeypatch.setattr(place, name, run)
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "graded" / "results"
    folder.mkdir(parents=True)
    half = _evidence(toy, standardize_values=_cases(("rows", FAILED), ("columns", PASSED)))
    anna, ben = folder / "anna.json", folder / "ben.json"
    anna.write_text(to_json(score(half, toy)))
    ben.write_text(to_json(score(dataclasses.replace(_evidence(toy), submission="ben.py"), toy)))
    ran = command("rescore", tmp_path / "graded", "--root", tmp_path / "course")
    assert ran.code == 0 and "Re-scored: 2; marks changed: 0" in ran.out

    settings = tmp_path / "course" / "assignments" / "toy" / "assignment.toml"
    before = load("toy", tmp_path / "course").sha256
    text = settings.read_text().replace("standardize_values = 4", "standardize_values = 10")
    settings.write_text(text + '\n[credit]\nstandardize_values = "all"\n')
    ran = command("rescore", tmp_path / "graded", "--root", tmp_path / "course")
    assert ran.code == 0 and "anna.py: 24 → 22" in ran.out and "ben.py: 26 → 32" in ran.out
    assert "Re-scored: 2; marks changed: 2" in ran.out
    new = from_json(anna.read_text())
    assert new.score is not None and (new.score.points, new.score.possible) == (22, 32)
    assert new.checks == half.checks  # evidence is as it was
    assert load("toy", tmp_path / "course").sha256 == before  # points are no part of what results rest on
    assert (tmp_path / "graded" / "index.html").exists()


def test_rescore_leaves_alone_what_it_cannot_read(toy: Assignment, command: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    ran = command("rescore", tmp_path, "--root", COURSE)
    assert ran.code == 2 and "no graded results" in ran.err
    (folder / "anna.json").write_text(to_json(score(_evidence(toy), toy)))
    (folder / "bad.json").write_text("{")
    ran = command("rescore", tmp_path, "--root", COURSE)
    assert "bad.json: not JSON" in ran.err and "Re-scored: 1" in ran.out
    assert (folder / "bad.json").read_text() == "{"
