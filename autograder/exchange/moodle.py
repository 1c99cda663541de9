"""Moodle's grade import from CSV: identity columns, then a grade and a feedback column for each assignment.

In Moodle: Grades, Import, CSV file; map "ID number" or "Email address" to the user, a column to its grade item, and
"… feedback" to the feedback of the same item.  An empty grade leaves the existing grade unchanged.
"""

from __future__ import annotations

from autograder.escaping import Cell, rows_text
from autograder.gradebook.marks import Gradebook
from autograder.report.text import visible


def moodle(book: Gradebook, *, feedback: bool = True) -> str:
    """Write marks for Moodle's grade import; the feedback explains the mark."""
    header: list[Cell] = ["ID number", "Email address", "Full name"]
    for column in book.columns:
        header.append(visible(column.assignment))
        if feedback:
            header.append(f"{visible(column.assignment)} feedback")
    rows: list[list[Cell]] = [header]
    for row in book.rows:
        student = row.student
        cells: list[Cell] = [student.id, visible(student.email), visible(student.name)]
        for column in book.columns:
            mark = row.marks[column.assignment]
            cells.append(mark.points)
            if feedback:
                cells.append("; ".join(mark.reasons))
        rows.append(cells)
    return rows_text(rows)
