"""The gradebook as CSV for spreadsheets and as JSON for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from autograder.escaping import Cell, rows_text
from autograder.gradebook.marks import Gradebook, Mark, Move, Row
from autograder.gradebook.records import short
from autograder.report.text import visible


def gradebook_csv(book: Gradebook) -> str:
    """Write one line per student: points of each assignment, the total in percent, and the reasons.

    There is a column for the grade in a course with a grading key, two for slip days in a course that has them, and
    one for the assignments whose time is unknown where there are any.
    """
    untimed = any(m.time_unknown for row in book.rows for m in row.marks.values())
    header: list[Cell] = ["id", "name", "email", "section"]
    header += [f"{visible(c.assignment)} (of {short(c.possible)})" for c in book.columns]
    header += ["total %"] + ["grade"] * book.letters + ["slip days spent", "slip days left"] * bool(book.slip_days)
    rows: list[list[Cell]] = [[*header, *["time unknown"] * untimed, "reasons"]]
    for row in book.rows:
        s = row.student
        cells: list[Cell] = [s.id, visible(s.name), visible(s.email), visible(s.section)]
        cells += [row.marks[c.assignment].points for c in book.columns]
        cells.append(row.total)
        if book.letters:
            cells.append(row.letter)
        if book.slip_days:
            cells += [_spent(row), row.slip_days_left]
        if untimed:
            cells.append(", ".join(visible(m.assignment) for m in row.marks.values() if m.time_unknown))
        said = [f"{visible(m.assignment)}: {'; '.join(m.reasons)}" for m in row.marks.values() if m.reasons]
        rows.append([*cells, " / ".join([*said, *row.reasons])])
    return rows_text(rows, bom=True)


def gradebook_json(book: Gradebook) -> str:
    """Write everything, with the reasons.  Points are strings: exact decimals, not binary floats."""
    data = {
        "assignments": [
            {
                "name": c.assignment,
                "kind": c.kind,
                "possible": str(c.possible),
                "weight": str(c.weight),
                "extra": c.extra,
                "bonus": c.bonus,
            }
            for c in book.columns
        ],
        "slip_days": book.slip_days,
        "students": [
            {
                "id": row.student.id,
                "name": row.student.name,
                "email": row.student.email,
                "section": row.student.section,
                "total": _text(row.total),
                "letter": row.letter,
                "slip_days_left": row.slip_days_left,
                "reasons": row.reasons,
                "marks": {name: _mark(mark) for name, mark in row.marks.items()},
            }
            for row in book.rows
        ],
        "remarks": book.remarks,
    }
    return json.dumps(data, ensure_ascii=True, indent=1) + "\n"  # ASCII, whatever a name contains


def moves_json(moves: Sequence[Move]) -> str:
    data = [
        {
            "student": m.student,
            "assignment": m.assignment,
            "before": _text(m.before),
            "after": _text(m.after),
            "letters": m.letters,
            "why": m.why,
        }
        for m in moves
    ]
    return json.dumps(data, ensure_ascii=True, indent=1) + "\n"


def _mark(mark: Mark) -> dict[str, object]:
    return {
        "points": _text(mark.points),
        "possible": str(mark.possible),
        "open": mark.open,
        "counts": mark.counts,
        "attempts": mark.attempts,
        "handed_in": mark.handed_in,
        "time_unknown": mark.time_unknown,
        "time_claimed": mark.time_claimed,
        "slip_days": None if mark.slip is None else mark.slip.spent,
        "reasons": mark.reasons,
    }


def _spent(row: Row) -> int:
    return sum(m.slip.spent for m in row.marks.values() if m.slip is not None)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
