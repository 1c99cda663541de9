"""Grades as CSV: nbgrader's columns, quoted, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.plugins import ExportPlugin

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class QuotedCsv(ExportPlugin):  # type: ignore[misc]
    """Export with quotes: nbgrader's own exporter writes none, and a comma in a name shifts all cells after it."""

    def export(self, gradebook: Any) -> None:
        """Write one row for each assignment and student."""
        target = Path(self.to or "grades.csv")
        students, wanted = {str(s) for s in self.student}, {str(a) for a in self.assignment}
        self.log.info("Exporting grades to %s", target)
        with target.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if (not wanted or assignment.name in wanted) and (not students or student.id in students):
                        writer.writerow([_cell(v) for v in _row(gradebook, assignment, student)])


def _row(gradebook: Any, assignment: Any, student: Any) -> tuple[Any, ...]:
    who = (student.id, student.last_name, student.first_name, student.email)
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:  # nothing handed in
        return (assignment.name, assignment.duedate, None, *who, 0.0, 0.0, 0.0, assignment.max_score)
    raw, penalty = submission.score, submission.late_submission_penalty
    score = max(0.0, raw - penalty)
    return (assignment.name, assignment.duedate, submission.timestamp, *who, raw, penalty, score, assignment.max_score)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)  # a sum of hundredths shows no 17.330000000000002
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
