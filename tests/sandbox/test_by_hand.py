"""Where derivatives are the exercise, the second wall changes no honest program, and is where it should be."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
from helpers.commands import ROOT
from helpers.sessions import expected_of, public_of

from autograder.assignment.load import list_assignments, load
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import PUBLIC
from autograder.grading.grade import Session
from autograder.judge.oracle.expected import obtain
from autograder.sandbox import trace as tracing
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.trace import Program, is_by_hand, trace
from autograder.submission.read import read_submission

pytestmark = pytest.mark.sandbox
SOLUTION = ROOT / "tests" / "course" / "reference" / "toy" / "solution.py"
WITH_BY_HAND = [s for s in list_assignments(ROOT) if any(f.by_hand for f in load(s, ROOT).functions.values())]


def _digests(traced: tracing.Traced) -> dict[str, str]:
    failed = {key: p for key, p in traced.programs.items() if not isinstance(p, Program)}
    assert not failed, failed
    return {key: hashlib.sha256(p.module).hexdigest() for key, p in traced.programs.items() if isinstance(p, Program)}


@pytest.mark.slow
@pytest.mark.parametrize("slug", WITH_BY_HAND)
def test_honest_programs_are_the_same_bit_for_bit(
    slug: str, full_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment = load(slug, ROOT)
    plan = make_plan(assignment, PUBLIC.keys(assignment.slug))
    answers = obtain(plan)
    calls = {key: call for key, call in answers.calls.items() if is_by_hand(call, assignment)}
    assert calls
    solution = read_submission(ROOT / "reference" / slug / "solution.py")
    walled = _digests(trace(solution, assignment, calls, plan.public_calls(), full_sandbox))
    monkeypatch.setattr(tracing, "is_by_hand", lambda call, assignment: False)
    assert walled == _digests(trace(solution, assignment, calls, plan.public_calls(), full_sandbox))


def test_only_by_hand_calls_are_traced_behind_the_wall(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the assignment differentiates or composes is traced in another process, and later."""
    lives: list[tuple[bool, frozenset[str]]] = []
    plain = tracing.Conversation

    def noted(messages: list[dict[str, object]], modules: object, calls: dict[str, str], *rest: object) -> object:
        lives.append((bool(messages[0]["by_hand"]), frozenset(calls)))
        return plain(messages, modules, calls, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(tracing, "Conversation", noted)
    answers = expected_of(session)
    by_hand = {key for key, call in answers.calls.items() if is_by_hand(call, session.assignment)}
    trace(read_submission(SOLUTION), session.assignment, answers.calls, public_of(session), session.sandbox)
    assert lives == [(True, frozenset(by_hand)), (False, frozenset(answers.calls) - by_hand)]
    assert all(answers.calls[key].vjp is None for key in by_hand)


def test_a_statement_that_only_asks_for_a_derivative_is_no_remark_where_there_is_one(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "submission.py"
    path.write_text(SOLUTION.read_text() + "\nassert jax.grad(lambda x: x * x)(1.0) == 2.0\nprint('checked')\n")
    answers = expected_of(session)
    traced = trace(read_submission(path), session.assignment, answers.calls, public_of(session), session.sandbox)
    assert traced.raised == () and traced.output == "checked\n"


def test_a_student_checking_at_home_meets_the_same_wall(open_session: Session, tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text(
        SOLUTION.read_text()
        + "\ndef standardize(x, *, axis):\n    return jax.grad(lambda y: (0.5 * y * y).sum())(x) / x.std()\n"
    )
    answers = expected_of(open_session)
    calls = {key: call for key, call in answers.calls.items() if is_by_hand(call, open_session.assignment)}
    traced = trace(read_submission(path), open_session.assignment, calls, public_of(open_session), open_session.sandbox)
    kinds = {p.details["type"] for p in traced.programs.values() if not isinstance(p, Program)}
    assert len(traced.programs) == len(calls) and kinds == {"AutodiffRefusedError"}
    assert dataclasses.is_dataclass(traced)
