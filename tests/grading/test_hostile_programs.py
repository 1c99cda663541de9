"""Whatever a stranger hands out as a program, or says of one, is judged: no text or number of theirs is our fault."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers.mutations import MODULES, mutate
from helpers.sessions import expected_of, plan_of, trace_path

from autograder.grading.grade import Session, TracedSubmission, judge_traced
from autograder.judge.device.evaluator import Evaluator
from autograder.report import submission_page
from autograder.result_json import from_json, to_json
from autograder.results import FAILED, NOT_JUDGED, PASSED, Result
from autograder.sandbox.frames import checked_spec
from autograder.sandbox.trace import Failure, Program

HUGE, LONE = 10**30, "\ud800\udfff\x00\x1b[2J<script>"


@pytest.fixture(scope="module")
def right(open_session: Session) -> TracedSubmission:
    assert open_session.assignment.reference is not None
    return trace_path(open_session.assignment.reference / "solution.py", open_session)


def _judge(right: TracedSubmission, session: Session, evaluator: Evaluator, change: Callable[[Any], Any]) -> Result:
    """Judge the right work with every program of momentum changed."""
    calls = {**expected_of(session).calls, **plan_of(session).ladder_calls()}
    programs = {k: change(p) if calls[k].function == "momentum" else p for k, p in right.programs.items()}
    return judge_traced(dataclasses.replace(right, programs=programs), session, evaluator)


def _spec(text: str) -> Any:
    return checked_spec(json.loads(text))


SPECS = {
    "a lone surrogate as key": r'["d", [["\ud800", ["a", [3], "float32"]], ["w", ["a", [3], "float32"]]]]',
    "a number as key": '["d", [[7, ["a", [3], "float32"]], ["w", ["a", [3], "float32"]]]]',
    "huge": f'["a", [{HUGE}, {-HUGE}], "float32"]',
    "negative": '["d", [["v", ["a", [-3], "float32"]], ["w", ["a", [-3], "float32"]]]]',
    "no dtype": '["d", [["v", ["a", [3], "no such type"]], ["w", ["a", [3], "object"]]]]',
    "an odd dtype": r'["d", [["v", ["a", [3], "\udcff{}"]], ["w", ["a", [3], "{0.__class__}"]]]]',
    "deep": '["l", [' * 60 + '["n"]' + "]]" * 60,
    "wide": '["l", [' + ", ".join(['["n"]'] * 20_000) + "]]",
    "empty": '["d", []]',
}


@pytest.mark.parametrize("what", SPECS)
def test_no_description_of_an_output_is_a_fault_of_ours(
    open_session: Session, evaluator: Evaluator, right: TracedSubmission, what: str
) -> None:
    if what in ("huge", "negative", "wide"):  # the reader of frames lets these not pass
        with pytest.raises(ValueError, match="not a"):
            _spec(SPECS[what])
        return
    spec = _spec(SPECS[what])
    _assert_judged(_judge(right, open_session, evaluator, lambda p: Program(p.module, spec, spec)))
    details = {"actual": spec}
    _assert_judged(_judge(right, open_session, evaluator, lambda p: Failure("structure", LONE, details)))


FAILURES = {
    "texts": Failure("raised", LONE * 1000, {"type": LONE, "file": LONE, "line": HUGE, "kinds": [LONE, None, 3]}),
    "other types": Failure("raised", "", {"type": None, "file": ["a"], "line": "7", "kinds": {"a": 1}}),
    "a place before the file": Failure("raised", "x", {"file": "solution.py", "line": -HUGE}),
    "braces": Failure("output", "{} {0} {run_seconds.__class__} %s", {}),
    "missing": Failure("missing", LONE, {}),
    "mutation": Failure("mutation", LONE, {}),
    "removed": Failure("removed", LONE, {"where": LONE}),
    "no such kind": Failure("no such kind", LONE, {}),
}


@pytest.mark.parametrize("what", FAILURES)
def test_no_failure_that_is_claimed_is_a_fault_of_ours(
    open_session: Session, evaluator: Evaluator, right: TracedSubmission, what: str
) -> None:
    _assert_judged(_judge(right, open_session, evaluator, lambda p: FAILURES[what]))


@pytest.mark.parametrize(
    "module",
    [b"", b"\x00" * 100, b"ML\xefR", mutate(MODULES, 1585), MODULES[0], b"x" * (9 << 20)],
    ids=["empty", "zeros", "short", "no text", "of another function", "nine megabytes"],
)
def test_no_bytes_are_a_fault_of_ours(
    open_session: Session, evaluator: Evaluator, right: TracedSubmission, module: bytes
) -> None:
    _assert_judged(_judge(right, open_session, evaluator, lambda p: Program(module, p.output, p.forward)))


def _assert_judged(result: Result) -> None:
    """Momentum failed, everything else passed, and the result can be stored and shown."""
    assert result.problem is None, result.problem
    outcomes = {c.function: c.outcome for c in result.checks if c.kind not in ("training", "throughput", "cost")}
    assert NOT_JUDGED not in {c.outcome for c in result.checks}, [c.message for c in result.checks]
    assert outcomes == {"standardize": PASSED, "momentum": FAILED, "given.twice": PASSED, "dropout": PASSED}
    stored = to_json(result).encode("utf-8")
    assert from_json(stored.decode()).submission == result.submission
    submission_page(result, assignment_title="Toy").encode("utf-8")
