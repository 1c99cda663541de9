"""What other programs are told about a check: plain lines, safe to show, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.report import measured, standing, view
from autograder.report.text import distance, place_words, points, value_pair, visible
from autograder.results import Result

LONGEST = 4000  # characters of one check

FAULT = "Not judged, and that is our fault: nothing is lost, it will be graded again."


@dataclass(frozen=True)
class Told:
    """One check.  ``points`` is None while they are open; ``file`` and ``line`` are set where an error has a place."""

    name: str
    function: str
    title: str
    state: view.State
    points: float | None
    possible: float | None
    lines: tuple[str, ...]
    file: str = ""
    line: int = 0

    @property
    def first(self) -> str:
        return self.lines[0] if self.lines else self.state.word


def told(result: Result) -> tuple[Told, ...]:
    """Say of every check what a student should read; a result without checks has none."""
    found = []
    for function in view.functions(result):
        for check in function.checks:
            evidence = check.evidence
            cases = [c for c in evidence.cases if c.outcome != view.PASS.key]
            where = next((c.where for c in cases if c.where), "")
            file, line = place(where)
            lines = _cut(dict.fromkeys(_lines(check))) if check.state is not view.PASS else ()
            found.append(
                Told(
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
    """Whether the score is final: nothing awaits our repair or another measurement."""
    return result.score is not None and result.score.judged and not result.problem.startswith("not judged")


def seconds(result: Result) -> float:
    """How long grading took; 0 where nobody knows."""
    found = result.provenance.seconds.get("all", 0.0)
    return round(min(found, 1e6), 3) if found > 0 else 0.0


def headline(result: Result) -> str:
    """Say in one line how the submission stands."""
    if not complete(result):
        return (
            FAULT if standing.fault(result) or result.score is None else "Not settled yet: it will be measured again."
        )
    assert result.score is not None
    mark = f"{points(result.score.points)} of {points(result.score.possible)} points"
    said = visible(result.problem) if result.problem else standing.summary(result)
    return f"{mark}. {said}"


def remarks(result: Result) -> tuple[str, ...]:
    """The remarks on the source that cost something or left something out."""
    return tuple(
        visible(f"{f.where}: {f.message}" + (f" Instead: {f.instead}" if f.instead else ""))
        for f in result.findings
        if f.severity != "note"
    )


def _lines(check: view.CheckView) -> Iterator[str]:
    if check.state is view.FAULT:
        yield FAULT
    yield from filter(None, (check.said, check.evidence.hint))
    for row in check.rows:
        if row.failed and measured.unmeasured(check.evidence, row.worst):
            yield _row(row)


def _row(row: view.Row) -> str:
    case, said = row.worst, []
    if case.message:
        said.append(case.message)
    if case.place is not None:
        expected, actual = value_pair(case.place.expected, case.place.actual)
        said.append(f"at {place_words(case.place)} expected {expected}, yours {actual}")
    said += [t for t in (distance(case), case.advice, case.where) if t]
    inputs = f" ({case.inputs})" if case.inputs else ""
    return f"{row.label}{inputs}: {'; '.join(said) or 'not right'}"


def _cut(lines: dict[str, None]) -> tuple[str, ...]:
    kept, room = [], LONGEST
    for line in map(visible, lines):
        if room < len(line):
            kept.append("…")
            break
        kept.append(line)
        room -= len(line)
    return tuple(kept)
