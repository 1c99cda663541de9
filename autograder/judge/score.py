"""Compute points from evidence and rubric, without running anything."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from autograder.assignment.load import Assignment
from autograder.checks import PERFORMANCE
from autograder.judge.intervals import share
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    LEFT_OUT,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CheckEvidence,
    CheckScore,
    Fault,
    Result,
    Score,
    next_step,
)


def score(result: Result, assignment: Assignment) -> Result:
    """Return the result with the score that the assignment's rubric gives to its evidence.

    A check earns the passed share of its cases, or all or nothing where the rubric says so.  A score is
    ``judged`` when the result is final; where a fault of the grader left nothing to judge, the result has no score.
    """
    if result.problem is not None and result.problem.fault is Fault.OURS:
        return dataclasses.replace(result, score=None)
    evidence = {c.name: c for c in result.checks}
    checks = []
    for name, possible in assignment.points.items():
        check = evidence.get(name)
        part, reason = (0.0, "not attempted") if check is None else _share(check, name, assignment)
        checks.append(CheckScore(name, round(part * possible, 4), possible, reason))
    points = round(sum(c.points for c in checks), 2)
    complete = bool(result.problem) or set(assignment.points) <= set(evidence)
    total = Score(points, assignment.total, tuple(checks), complete, rubric_digest(assignment))
    scored = dataclasses.replace(result, score=total)
    judged = next_step(scored).final
    return dataclasses.replace(scored, score=dataclasses.replace(total, judged=judged))


def rubric_digest(assignment: Assignment) -> str:
    """Identify the rubric that a score was made with."""
    rubric = json.dumps([sorted(assignment.points.items()), sorted(assignment.credit.items())])
    return hashlib.sha256(rubric.encode()).hexdigest()[:16]


def _share(check: CheckEvidence, name: str, assignment: Assignment) -> tuple[float, str]:
    """Return the share of its points that a check earns, 0 to 1, and the reason for it."""
    credit = assignment.credit.get(name, "")
    if check.kind in PERFORMANCE and check.outcome in (PASSED, FAILED) and check.cases:
        bands = assignment.checks[name].options["bands"]
        shares = [share(bands, c.statistics.get("ratio low", 0.0)) for c in check.cases]
        return sum(shares) / len(shares), "by the band that the ratio reaches"
    if check.outcome == PASSED:
        return 1.0, ""
    if check.outcome in (LEFT_OUT, NOT_JUDGED, INCONCLUSIVE) or not check.cases:
        return 0.0, check.outcome
    if credit == "all":
        return 0.0, "no partial credit: every case must pass"
    if all(c.outcome == SKIPPED for c in check.cases):
        return 0.0, check.outcome
    labels = {c.label for c in check.cases}
    failed = {c.label for c in check.cases if c.outcome in (FAILED, SKIPPED)}
    return (len(labels) - len(failed)) / len(labels), f"{len(labels) - len(failed)} of {len(labels)} cases"
