"""Points from evidence and rubric; nothing is run."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from autograder.assignment import Assignment
from autograder.plan import PERFORMANCE
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CheckEvidence,
    CheckScore,
    Result,
    Score,
)
from autograder.timing import share


def score(result: Result, assignment: Assignment) -> Result:
    """Return the result with the score that the assignment's rubric gives to its evidence.

    A check earns the passed share of its cases, or all or nothing where the rubric says so.  While a
    check is not judged, or its timing inconclusive, the score says that it is not complete.
    """
    evidence = {c.name: c for c in result.checks}
    checks = []
    judged = not result.checks or all(c.outcome not in (NOT_JUDGED, INCONCLUSIVE) for c in result.checks)
    for name, possible in assignment.points.items():
        found = evidence.get(name)
        part, reason = (0.0, "not attempted") if found is None else _share(found, name, assignment)
        checks.append(CheckScore(name, round(part * possible, 4), possible, reason))
        judged = judged and (found is not None or bool(result.problem))
    points = round(sum(c.points for c in checks), 2)
    total = Score(points, assignment.total, tuple(checks), judged, rubric_digest(assignment))
    return dataclasses.replace(result, score=total)


def rubric_digest(assignment: Assignment) -> str:
    """Identify the rubric that a score was made with."""
    text = json.dumps([sorted(assignment.points.items()), sorted(assignment.credit.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _share(check: CheckEvidence, name: str, assignment: Assignment) -> tuple[float, str]:
    credit = assignment.credit.get(name, "")
    if check.kind in PERFORMANCE and check.outcome in (PASSED, FAILED) and check.cases:
        bands = assignment.checks[name].options["bands"]
        shares = [share(bands, c.statistics.get("ratio low", 0.0)) for c in check.cases]
        return sum(shares) / len(shares), "by bands of the ratio"
    if check.outcome == PASSED:
        return 1.0, ""
    if check.outcome in (SKIPPED, NOT_JUDGED, INCONCLUSIVE) or not check.cases:
        return 0.0, check.outcome
    if credit == "all":
        return 0.0, "all cases or nothing"
    labels = {c.label for c in check.cases}
    failed = {c.label for c in check.cases if c.outcome == FAILED}
    return (len(labels) - len(failed)) / len(labels), f"{len(labels) - len(failed)} of {len(labels)} cases"
