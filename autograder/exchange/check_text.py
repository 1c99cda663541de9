"""A check as plain lines for other programs: safe to show, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.report import counterexamples, measured, status, view_model
from autograder.report.student_view import student_view
from autograder.report.text import distance, place_words, points, value_pair, visible
from autograder.results import Result, next_step

LONGEST = 4000  # characters of one check

FAULT = "Not judged, and that is our fault: you lose nothing, and it will be graded again."


@dataclass(frozen=True)
class CheckText:
    """One check.  ``points`` is None while they are open; ``file`` and ``line`` are set where an error has a place."""

    name: str
    function: str
    title: str
    state: view_model.State
    points: float | None
    possible: float | None
    lines: tuple[str, ...]
    file: str = ""
    line: int = 0

    @property
    def first(self) -> str:
        return self.lines[0] if self.lines else self.state.word


def check_texts(result: Result) -> tuple[CheckText, ...]:
    """Return the text that a student should read for every check; empty for a result without checks.

    A counterexample of a function stands in the first of its checks that is not right.
    """
    result = student_view(result)
    found = []
    for function in view_model.functions(result):
        examples = [line for e in function.counterexamples for line in counterexamples.text_lines(e)]
        for check in function.checks:
            evidence = check.evidence
            cases = [c for c in evidence.cases if c.outcome != view_model.PASS.key]
            where = next((c.where for c in cases if c.where), "")
            file, line = place(where)
            lines: tuple[str, ...] = ()
            if check.state is not view_model.PASS:
                own = [visible(line) for line in dict.fromkeys(_lines(check))]
                if check.state in (view_model.FAIL, view_model.PARTLY):
                    own, examples = [*own, *examples], []
                lines = _cut(own)
            found.append(
                CheckText(
                    visible(evidence.name),
                    visible(function.name),
                    visible(evidence.title) or visible(evidence.name),
                    check.state,
                    check.points,
                    check.possible,
                    lines,
                    file,
                    line,
                )
            )
    return tuple(found)


def place(where: str) -> tuple[str, int]:
    """Split "submission.py, line 12"; a cell of a notebook has no line in its file."""
    match = re.fullmatch(r"(?P<file>[^\n]+\.py), line (?P<line>\d{1,7})", where.strip())
    return (visible(match["file"]), int(match["line"])) if match else ("", 0)


def complete(result: Result) -> bool:
    """Whether there is a score, and it is final: nothing awaits our repair or another measurement."""
    return result.score is not None and next_step(result).final


def headline(result: Result) -> str:
    """Say in one line how the submission stands."""
    result = student_view(result)
    if not complete(result):
        return FAULT if status.fault(result) or result.score is None else "Not settled yet: it will be measured again."
    assert result.score is not None
    mark = f"{points(result.score.points)} of {points(result.score.possible)} points"
    said = visible(result.problem.message) if result.problem else status.summary(result)
    return f"{mark}. {said}"


def remarks(result: Result) -> tuple[str, ...]:
    """The remarks on the source that cost something or left something out."""
    return tuple(
        visible(f"{f.where}: {f.message}" + (f" Instead: {f.instead}" if f.instead else ""))
        for f in result.findings
        if f.severity != "note"
    )


def _lines(check: view_model.CheckView) -> Iterator[str]:
    if check.state is view_model.FAULT:
        yield FAULT
    yield from filter(None, (check.said, check.evidence.hint))
    for row in check.rows:
        if row.failed and measured.unmeasured(check.evidence, row.worst):
            yield _row(row)


def _row(row: view_model.Row) -> str:
    case, said = row.worst, []
    if case.message:
        said.append(case.message)
    if case.place is not None:
        expected, actual = value_pair(case.place.expected, case.place.actual)
        said.append(f"at {place_words(case.place)} expected {expected}, yours {actual}")
    said += [t for t in (distance(case), case.advice, case.where) if t]
    inputs = f" ({case.inputs})" if case.inputs else ""
    return f"{row.label}{inputs}: {'; '.join(said) or 'not right'}"


def _cut(lines: Iterable[str]) -> tuple[str, ...]:
    kept, room = [], LONGEST
    for line in lines:
        if room < len(line):
            kept.append("…")
            break
        kept.append(line)
        room -= len(line)
    return tuple(kept)
