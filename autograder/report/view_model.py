"""What a report says about a result, before it is a page, a screen or a file.

Pages, Markdown and terminal show the same things in the same order; what they are is decided here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.report.hidden import in_words, is_hidden
from autograder.report.measured import is_ratio, sentence
from autograder.report.text import function_name
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    LEFT_OUT,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    Counterexample,
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
UNSURE = State("unsure", "Not settled yet", "?", "?")
LEFT = State("left", "Left out", "○", "o")
ABSENT = State("absent", "Missing", "·", ".")
STATES = {PASSED: PASS, FAILED: FAIL, SKIPPED: SKIP, NOT_JUDGED: FAULT, INCONCLUSIVE: UNSURE, LEFT_OUT: LEFT}


@dataclass(frozen=True)
class Row:
    """All draws of one case; ``worst`` is the draw that says most, in words where its inputs are ``hidden``."""

    label: str
    state: State
    draws: int
    failed: int
    worst: CaseEvidence
    hidden: bool = False

    @property
    def several(self) -> bool:
        """Whether a reader is told how many of its draws fail."""
        return self.draws > 1 and not self.hidden


@dataclass(frozen=True)
class CheckView:
    """One check; ``points`` is None while they are open, ``possible`` too where the run left them out.

    Unlike a zero, an open mark is shown as a dash.
    """

    evidence: CheckEvidence
    state: State
    points: float | None
    possible: float | None
    reason: str
    rows: tuple[Row, ...]
    said: str  # the sentence to read first
    word: str


def telling(check: CheckView) -> int:
    """Order the failed checks of a function: a known mistake says most, then an error with its line."""
    located = any(row.failed and row.worst.where for row in check.rows)
    return 0 if check.evidence.mistake else 1 if located else 2


@dataclass(frozen=True)
class FunctionView:
    """A graded function; ``key`` is its name in the evidence, ``name`` the one that people read."""

    key: str
    name: str
    state: State
    points: float | None
    possible: float | None
    checks: tuple[CheckView, ...]
    counterexamples: tuple[Counterexample, ...] = ()


def functions(result: Result) -> tuple[FunctionView, ...]:
    """Join evidence and points by check name; functions keep the order of the assignment."""
    scores = {s.name: s for s in result.score.checks} if result.score else {}
    groups: dict[str, list[CheckView]] = {}
    for check in result.checks:
        score = scores.get(check.name)
        rows = _rows(check)
        state = STATES.get(check.outcome, ABSENT)
        if state is FAIL and (any(r.state is PASS for r in rows) or (score is not None and score.points > 0)):
            state = PARTLY
        view = CheckView(
            check,
            state,
            score.points if score and state not in (LEFT, FAULT, UNSURE) else None,
            score.possible if score and state is not LEFT else None,
            score.reason if score else "",
            rows,
            sentence(check),
            _word(check, state),
        )
        groups.setdefault(check.function, []).append(view)
    return tuple(
        FunctionView(
            key,
            function_name(key),
            _joint([c.state for c in checks]),
            _total(checks, "points"),
            _total(checks, "possible"),
            tuple(checks),
            tuple(e for e in result.counterexamples if e.function == key),
        )
        for key, checks in groups.items()
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


def _word(check: CheckEvidence, state: State) -> str:
    """Name the state; right numbers that take long are not "not right"."""
    if state in (FAIL, PARTLY) and any(is_ratio(c) for c in check.cases):
        words = {"throughput": ("Too slow", "Slower than asked"), "cost": ("Needs too much", "Needs more than asked")}
        if check.kind in words:
            return words[check.kind][state is PARTLY]
    return state.word


def _rows(check: CheckEvidence) -> tuple[Row, ...]:
    groups: dict[str, list[CaseEvidence]] = {}
    for case in check.cases:
        groups.setdefault(case.label, []).append(case)
    rows = []
    for label, draws in groups.items():
        worst = max(draws, key=_severity)
        state = _joint([STATES.get(c.outcome, ABSENT) for c in draws], mixed=FAIL)
        failed = sum(c.outcome == FAILED for c in draws)
        rows.append(Row(label, state, len(draws), failed, in_words(worst, check), is_hidden(worst)))
    return tuple(rows)


def _severity(case: CaseEvidence) -> tuple[bool, bool, float]:
    error = case.error if case.error is not None else 0.0
    return case.outcome != PASSED, case.outcome == FAILED, math.inf if math.isnan(error) else error


def _joint(states: Sequence[State], mixed: State = PARTLY) -> State:
    if not states:
        return ABSENT
    states = [s for s in states if s is not LEFT] or [LEFT]
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
