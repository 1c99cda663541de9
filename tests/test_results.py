"""Results survive JSON both ways; what does not fit is refused by name."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.result_json import from_json, to_json
from autograder.results import (
    FAILED,
    CaseEvidence,
    CheckEvidence,
    CheckScore,
    Fault,
    Finding,
    NextStep,
    Outcome,
    Place,
    Problem,
    ProblemKind,
    Provenance,
    Result,
    ResultError,
    Score,
    next_step,
)

PROVENANCE = Provenance("toy", "1", "a" * 64, "0.1", "b" * 64, "public", "full", "cpu")
RESULT = Result(
    "anna.py",
    PROVENANCE,
    checks=(
        CheckEvidence(
            "relu_values",
            "relu",
            "relu",
            "values",
            FAILED,
            cases=(
                CaseEvidence(
                    "rows",
                    FAILED,
                    error=math.inf,
                    place=Place("['w']", (0, 1), math.nan, -math.inf),
                    curves={"loss": (1.0, math.nan)},
                ),
            ),
        ),
    ),
    findings=(Finding("note", "cell 1, line 2", "removed"),),
    score=Score(1.5, 2.0, (CheckScore("relu_values", 1.5, 2.0),), True, "c"),
)

OUTCOMES = st.sampled_from(Outcome)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.floats()
CASES = st.builds(
    CaseEvidence,
    label=TEXT,
    outcome=OUTCOMES,
    draw=st.integers(),
    error=st.none() | NUMBER,
    place=st.none() | st.builds(Place, TEXT, st.lists(st.integers(), max_size=3).map(tuple), NUMBER, NUMBER),
    statistics=st.dictionaries(TEXT, NUMBER, max_size=2),
    curves=st.dictionaries(TEXT, st.lists(NUMBER, max_size=3).map(tuple), max_size=2),
)
CHECKS = st.builds(
    CheckEvidence, TEXT, TEXT, TEXT, TEXT, OUTCOMES, cases=st.lists(CASES, max_size=2).map(tuple), message=TEXT
)
SCORES = st.builds(
    Score,
    NUMBER,
    NUMBER,
    st.lists(st.builds(CheckScore, TEXT, NUMBER, NUMBER), max_size=2).map(tuple),
    st.booleans(),
    TEXT,
)
RESULTS = st.builds(
    Result,
    TEXT,
    st.builds(Provenance, *[TEXT] * 8, libraries=st.dictionaries(TEXT, TEXT, max_size=2)),
    checks=st.lists(CHECKS, max_size=2).map(tuple),
    findings=st.lists(st.builds(Finding, *[TEXT] * 7), max_size=2).map(tuple),
    score=st.none() | SCORES,
    problem=st.none() | st.builds(Problem, st.sampled_from(Fault), st.sampled_from(ProblemKind), TEXT),
)


@settings(max_examples=60, deadline=None)
@given(RESULTS)
def test_json_both_ways(result: Result) -> None:
    text = to_json(result)
    assert repr(from_json(text)) == repr(result)  # repr: NaN equals itself
    assert to_json(from_json(text)) == text


def test_json_is_strict() -> None:
    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is not JSON")

    data = json.loads(to_json(RESULT), parse_constant=refuse)
    assert data["checks"][0]["cases"][0]["place"]["expected"] == "nan"
    assert data["checks"][0]["cases"][0]["error"] == "inf"
    assert repr(from_json(json.dumps(data))) == repr(RESULT)


def test_hostile_names_can_be_stored() -> None:
    text = to_json(dataclasses.replace(RESULT, submission="a\udce9.py", output="\udfff\x00\x1b[31m"))
    text.encode("utf-8")
    assert from_json(text).submission == "a?.py"


def _changed(*path: Any, to: Any) -> str:
    data = json.loads(to_json(RESULT))
    at = data
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = to
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5000, "not JSON"),
        ("[]", "a graded result"),
        ("{}", "'schema' field"),
        ('{"schema": 99}', "schema 99, this version reads 1"),
        (_changed("extra", to=1), "result: unknown field 'extra'"),
        (_changed("submission", to=1), "result.submission: expected str, got 1"),
        (_changed("checks", to={}), "result.checks: expected a list, got dict"),
        (_changed("checks", 0, to="x"), "result.checks[0]: expected an object, got str"),
        (_changed("checks", 0, "cases", 0, "draw", to=True), "result.checks[0].cases[0].draw: expected int, got True"),
        (_changed("checks", 0, "cases", 0, "error", to="x"), "result.checks[0].cases[0].error: expected a number"),
        (_changed("checks", 0, "cases", 0, "error", to=True), "result.checks[0].cases[0].error: expected a number"),
        (_changed("score", "points", to=10**400), "result.score.points: expected a number"),
        (_changed("score", "judged", to=1), "result.score.judged: expected bool, got 1"),
        (_changed("provenance", "libraries", to=[]), "result.provenance.libraries: expected an object, got list"),
        ('{"schema": 1, "submission": "a"}', "provenance"),
        ('{"schema": 1, "submission": "a", "provenance": {"seed": "x"}}', "result.provenance: "),
    ],
)
def test_what_does_not_fit_is_named(text: str, says: str) -> None:
    with pytest.raises(ResultError) as error:
        from_json(text)
    assert says in str(error.value)


def _evidence(*outcomes: Outcome) -> tuple[CheckEvidence, ...]:
    return tuple(CheckEvidence(f"c{i}", "", "f", "values", outcome) for i, outcome in enumerate(outcomes))


STUDENTS, OURS = (Problem(fault, ProblemKind.UNKNOWN, "not judged: x") for fault in (Fault.STUDENT, Fault.OURS))


@pytest.mark.parametrize(
    ("outcomes", "problem", "expected"),
    [
        ([Outcome.PASSED], None, NextStep.NONE),
        ([Outcome.PASSED, Outcome.LEFT_OUT], None, NextStep.NONE),
        ([Outcome.PASSED, Outcome.FAILED], None, NextStep.RESUBMIT),
        ([Outcome.SKIPPED], None, NextStep.RESUBMIT),
        ([], STUDENTS, NextStep.RESUBMIT),
        ([], OURS, NextStep.REPAIR),
        ([Outcome.FAILED, Outcome.INCONCLUSIVE], None, NextStep.MEASURE_AGAIN),
        ([Outcome.NOT_JUDGED, Outcome.INCONCLUSIVE], None, NextStep.REPAIR),
        ([Outcome.PASSED, Outcome.NOT_JUDGED], None, NextStep.REPAIR),
    ],
)
def test_who_acts_next(outcomes: list[Outcome], problem: Problem | None, expected: NextStep) -> None:
    result = Result("a.py", PROVENANCE, _evidence(*outcomes), problem=problem)
    assert next_step(result) is expected
    assert expected.final == (expected in (NextStep.NONE, NextStep.RESUBMIT))


def test_a_score_that_lacks_evidence_awaits_repair_and_an_open_measurement_another_run() -> None:
    scores = (CheckScore("c0", 1, 1), CheckScore("c1", 0, 1))
    score = Score(1, 2, scores, False, "r")
    assert next_step(Result("a.py", PROVENANCE, _evidence(Outcome.PASSED), score=score)) is NextStep.REPAIR
    lacking = Result("a.py", PROVENANCE, _evidence(Outcome.INCONCLUSIVE), score=score)
    assert next_step(lacking) is NextStep.REPAIR
    complete = Result("a.py", PROVENANCE, _evidence(Outcome.PASSED, Outcome.INCONCLUSIVE), score=score)
    assert next_step(complete) is NextStep.MEASURE_AGAIN


def _schema_1(**fields: Any) -> Result:
    data = json.loads(to_json(RESULT)) | {"schema": 1, "problem": ""} | fields
    for check in data["checks"]:
        check.pop("waits_for", None)
    return from_json(json.dumps(data))


def test_results_of_schema_1_stay_readable() -> None:
    assert repr(_schema_1()) == repr(RESULT)
    ours = _schema_1(problem="not judged, and not the student's fault: no disk", score=None, checks=[])
    assert ours.problem == Problem(Fault.OURS, ProblemKind.ENGINE, "no disk")
    unread = _schema_1(problem="a.py is empty", checks=[])
    assert unread.problem == Problem(Fault.STUDENT, ProblemKind.UNKNOWN, "a.py is empty")
    check = {"name": "speed", "title": "", "function": "f", "kind": "throughput", "outcome": "skipped"}
    left_out = _schema_1(checks=[check | {"message": "left out: only numbers were asked for"}])
    assert left_out.checks[0].outcome is Outcome.LEFT_OUT


def test_words_of_a_student_in_schema_1_are_no_fault_of_ours() -> None:
    unread = _schema_1(problem="not judged.py holds no code", score=None, checks=[])
    assert unread.problem is not None and unread.problem.fault is Fault.STUDENT
    check = {"name": "a", "title": "", "function": "f", "kind": "values", "outcome": "failed"}
    failed = _schema_1(checks=[check | {"message": "left out: only numbers were asked for"}])
    assert failed.checks[0].outcome is Outcome.FAILED


def test_an_outcome_that_does_not_exist_is_refused_by_name() -> None:
    data = json.loads(to_json(RESULT))
    data["checks"][0]["outcome"] = "left over"
    with pytest.raises(ResultError, match=r"result.checks\[0\].outcome: expected one of passed, .* got 'left over'"):
        from_json(json.dumps(data))
