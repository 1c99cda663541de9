"""Draw sets and traced submissions of the sessions that tests share."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path

from autograder.assignment.plan import Plan
from autograder.grading.draws import Draws, DrawSet
from autograder.grading.grade import Session, TracedSubmission, trace_submission
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.oracle.expected import Expected
from autograder.sandbox.bubblewrap import Sandbox
from autograder.submission.read import read_submission


def session_of(plan: Plan, expected: Expected, sandbox: Sandbox) -> Session:
    """A session in which every submission gets this one draw set."""
    drawn = DrawSet(plan, expected)
    draws = Draws(plan.assignment, plan.keys, dict.fromkeys(range(plan.keys.sets), drawn))
    return Session(draws, sandbox, ResultCache())


def plan_of(session: Session) -> Plan:
    return session.draws.get(0).plan


def expected_of(session: Session) -> Expected:
    return session.draws.get(0).expected


def public_of(session: Session) -> Container[str]:
    return plan_of(session).public_calls()


def trace_path(path: Path, session: Session, *, measured: bool = True) -> TracedSubmission:
    """What the job that traces makes of a submission."""
    order = session.draws.request(0, measured, everything=True)
    return trace_submission(read_submission(path), order, session.sandbox)


def with_answers(session: Session, expected: Expected) -> Session:
    return dataclasses.replace(session_of(plan_of(session), expected, session.sandbox), cache=session.cache)
