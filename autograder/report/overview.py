"""The page of a course: every student on every assignment."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.report import status
from autograder.report.at_risk import RULES, Concern, course_concerns, earned_share
from autograder.report.classes import is_open
from autograder.report.html import render
from autograder.report.plots import Strip, strip_plot
from autograder.report.text import points
from autograder.results import Result


@dataclass(frozen=True)
class Column:
    """One assignment: its results by student, and where the pages are, seen from the page of the course."""

    title: str
    results: Mapping[str, Result]
    href: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)  # student -> href


@dataclass(frozen=True)
class Cell:
    """``share`` is None without a mark; ``word`` says why then."""

    href: str
    share: int | None
    text: str
    word: str
    open: bool


@dataclass(frozen=True)
class Row:
    name: str
    cells: tuple[Cell, ...]
    mean: int | None
    concerns: tuple[Concern, ...]


@dataclass(frozen=True)
class Summary:
    """What the page says of one assignment."""

    title: str
    href: str
    n: int
    strip: Strip | None
    words: str


def course_page(columns: Sequence[Column], *, title: str, students: Sequence[str] = ()) -> str:
    """Render the page of a course.

    Args:
      columns: the assignments in the order of the course.
      students: all names, also of those who handed nothing in; default: everyone with a result.
    """
    names = list(dict.fromkeys([*students, *sorted({n for c in columns for n in c.results})]))
    rows = [_row(name, columns) for name in names]
    return render(
        "course.html.j2",
        title=title,
        columns=columns,
        rows=rows,
        lowest=sorted((r for r in rows if r.mean is not None), key=lambda r: (r.mean or 0, r.name.casefold())),
        attention=[r for r in rows if r.concerns],
        summaries=[_summary(c) for c in columns],
        rules=[r for r in RULES if not r.startswith(("fewer", "unreadable"))],
    )


def _row(name: str, columns: Sequence[Column]) -> Row:
    history = [c.results.get(name) for c in columns]
    shares = [s for s in map(earned_share, history) if s is not None]
    return Row(
        name,
        tuple(_cell(name, column) for column in columns),
        int(statistics.fmean(shares)) if shares else None,
        course_concerns(history),
    )


def _cell(name: str, column: Column) -> Cell:
    result, href = column.results.get(name), column.pages.get(name, "")
    if result is None:
        return Cell("", None, "", "not handed in", False)
    if result.score is None:
        return Cell(href, None, "", "not judged" if status.fault(result) or result.problem else "no mark", True)
    said = f"{points(result.score.points)} / {points(result.score.possible)}"
    return Cell(href, earned_share(result), said, "not all judged" if is_open(result) else "", is_open(result))


def _summary(column: Column) -> Summary:
    shares = [float(s) for s in map(earned_share, column.results.values()) if s is not None]
    if not shares:
        return Summary(column.title, column.href, len(column.results), None, "No marks yet.")
    words = (
        f"Median {statistics.median(shares):.0f} %, from {min(shares):.0f} % to {max(shares):.0f} % "
        "of the available points."
    )
    return Summary(
        column.title, column.href, len(column.results), strip_plot(shares, {}, ratio=False, frame=(0.0, 100.0)), words
    )
