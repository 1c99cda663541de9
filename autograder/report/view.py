"""What a report says about a result, before it is a page, a screen or a file.

Pages, Markdown and terminal show the same things in the same order; what they are is decided here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.report.text import count, percent
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    Result,
)


@dataclass(frozen=True)
class State:
    """How something went: a word, a sign and a sign in ASCII, so that colour is never needed."""

    key: str
    word: str
    sign: str
    ascii: str


PASS = State("passed", "Passed", "✓", "+")
PARTLY = State("partly", "Partly right", "◐", "~")
FAIL = State("failed", "Not right yet", "✗", "x")
SKIP = State("skipped", "Skipped", "–", "-")
FAULT = State("fault", "Not judged", "!", "!")
UNSURE = State("unsure", "Inconclusive", "?", "?")
ABSENT = State("absent", "Missing", "·", ".")
STATES = {PASSED: PASS, FAILED: FAIL, SKIPPED: SKIP, NOT_JUDGED: FAULT, INCONCLUSIVE: UNSURE}


@dataclass(frozen=True)
class Row:
    """All draws of one case; ``worst`` is the draw that says most."""

    label: str
    state: State
    draws: int
    failed: int
    worst: CaseEvidence


@dataclass(frozen=True)
class CheckView:
    evidence: CheckEvidence
    state: State
    points: float | None
    possible: float | None
    reason: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class FunctionView:
    name: str
    state: State
    points: float | None
    possible: float | None
    checks: tuple[CheckView, ...]


@dataclass(frozen=True)
class Change:
    """What differs from the attempt before."""

    points: float | None
    better: tuple[str, ...]
    worse: tuple[str, ...]


def functions(result: Result) -> tuple[FunctionView, ...]:
    """Join evidence and points by check name; functions keep the order of the assignment."""
    scores = {s.name: s for s in result.score.checks} if result.score else {}
    groups: dict[str, list[CheckView]] = {}
    for check in result.checks:
        score = scores.get(check.name)
        rows = _rows(check.cases)
        state = STATES.get(check.outcome, ABSENT)
        if state is FAIL and (any(r.state is PASS for r in rows) or (score is not None and score.points > 0)):
            state = PARTLY
        view = CheckView(
            check,
            state,
            score.points if score else None,
            score.possible if score else None,
            score.reason if score else "",
            rows,
        )
        groups.setdefault(check.function, []).append(view)
    return tuple(
        FunctionView(
            name, _joint([c.state for c in checks]), _total(checks, "points"), _total(checks, "possible"), tuple(checks)
        )
        for name, checks in groups.items()
    )


def fault(result: Result) -> bool:
    """True while something awaits our repair: the student is not to blame and loses nothing."""
    return any(c.outcome == NOT_JUDGED for c in result.checks) or (result.score is not None and not result.score.judged)


def summary(result: Result) -> str:
    """Say in one sentence how the submission stands."""
    if result.problem:
        return "Nothing could be graded."
    views = functions(result)
    if not views:
        return "There is nothing to report."
    number = {s.key: sum(v.state is s for v in views) for s in (PASS, PARTLY, FAIL, SKIP, FAULT, UNSURE)}
    if number["passed"] == len(views):
        return f"All {count(len(views), 'function')} are right." if len(views) > 1 else "The function is right."
    words = {
        "partly": "partly right",
        "failed": "not right yet",
        "skipped": "not looked at yet",
        "fault": "not judged, which is our fault",
        "unsure": "to be measured again",
    }
    parts = [f"{number['passed']} of {count(len(views), 'function')} right"]
    parts += [f"{number[key]} {word}" for key, word in words.items() if number[key]]
    return ", ".join(parts) + "."


def change(previous: Result | None, result: Result) -> Change | None:
    """Compare with the attempt before, check by check."""
    if previous is None:
        return None
    before = {c.name: c.outcome for c in previous.checks}
    known = [c for c in result.checks if c.name in before and before[c.name] != c.outcome]
    gained = result.score.points - previous.score.points if result.score and previous.score else None
    return Change(
        gained,
        tuple(f"{c.function}: {c.title}" for c in known if c.outcome == PASSED),
        tuple(
            f"{c.function}: {c.title}"
            for c in known
            if before[c.name] == PASSED and c.outcome not in (NOT_JUDGED, INCONCLUSIVE)
        ),
    )


def excerpt(sources: Mapping[str, str] | None, where: str, around: int = 2) -> tuple[tuple[int, str, bool], ...]:
    """Return the lines around ``where`` ("submission.py, line 12") as (number, text, is it the line)."""
    match = re.fullmatch(r"(?P<unit>.+?),? line (?P<line>\d{1,7})", where.strip())
    if not sources or match is None or match["unit"] not in sources:
        return ()
    lines, line = sources[match["unit"]].splitlines(), int(match["line"])
    if not 1 <= line <= len(lines):
        return ()
    return tuple((n, lines[n - 1], n == line) for n in range(max(1, line - around), min(len(lines), line + around) + 1))


def share(result: Result) -> int | None:
    """Return the percentage of the points, or None where there is no mark."""
    return percent(result.score.points, result.score.possible) if result.score else None


def _function(name: str, checks: Sequence[CheckView]) -> FunctionView:
    state = _joint([c.state for c in checks])
    return FunctionView(name, state, _total(checks, "points"), _total(checks, "possible"), tuple(checks))


def _rows(cases: Iterable[CaseEvidence]) -> tuple[Row, ...]:
    groups: dict[str, list[CaseEvidence]] = {}
    for case in cases:
        groups.setdefault(case.label, []).append(case)
    return tuple(
        Row(
            label,
            _joint([STATES.get(c.outcome, ABSENT) for c in draws], mixed=FAIL),
            len(draws),
            sum(c.outcome == FAILED for c in draws),
            max(draws, key=_severity),
        )
        for label, draws in groups.items()
    )


def _severity(case: CaseEvidence) -> tuple[bool, bool, float]:
    error = case.error if case.error is not None else 0.0
    return case.outcome != PASSED, case.outcome == FAILED, math.inf if math.isnan(error) else error


def _joint(states: Sequence[State], mixed: State = PARTLY) -> State:
    if not states:
        return ABSENT
    if len(set(states)) == 1:
        return states[0]
    if FAULT in states:
        return FAULT
    if PARTLY in states or (PASS in states and (FAIL in states or SKIP in states)):
        return mixed
    return FAIL if FAIL in states else UNSURE if UNSURE in states else PARTLY


def _total(checks: Sequence[CheckView], name: str) -> float | None:
    values = [getattr(c, name) for c in checks]
    return None if all(v is None for v in values) else sum(v for v in values if v is not None)
