"""Names of cells, and what a cell of ours looks like; shared by the source notebook and the judge."""

from __future__ import annotations

import re
from typing import Any

from autograder.assignment.load import Assignment
from autograder.report.text import function_name

SCHEMA = 3  # of nbgrader's cell metadata, since nbgrader 0.6


def solution_id(function: str) -> str:
    """Name the cell that a student fills in."""
    return f"solution_{_word(function)}"


def check_id(function: str) -> str:
    """Name the locked cell that carries a function's points."""
    return f"points_{_word(function)}"


def possible(assignment: Assignment) -> dict[str, float]:
    """What each graded function is worth, in the order of the rubric."""
    found: dict[str, float] = {}
    for name, points in assignment.points.items():
        function = assignment.checks[name].function
        found[function] = found.get(function, 0.0) + points
    return {function: round(points, 4) for function, points in found.items()}


def check_text(function: str, notebook: str) -> str:
    """What students read in the locked cell.  No points: a changed rubric leaves the text, and its checksum, alone."""
    return (
        f"# Points for {function_name(function)} are given here when your work is graded. Leave this cell as it is.\n"
        f"# Check yourself as often as you like:  autograder check {notebook}.ipynb"
    )


def metadata(
    name: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    """Make the metadata that nbgrader wants at a cell."""
    entries: dict[str, Any] = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    return entries if points is None else entries | {"points": points}


def _word(function: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", function)
