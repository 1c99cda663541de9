"""Canvas' gradebook CSV: made from scratch, or an export of Canvas brought up to date.

Canvas wants the columns Student, ID, SIS User ID, SIS Login ID, Section in this order, a row "Points Possible", and
assignment columns called "name (number)" for assignments that exist.  It finds a student by its own ID first, then by
SIS User ID, SIS Login ID and name.  Points have two decimals there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from autograder.escaping import Cell, rows_text
from autograder.gradebook.marks import Gradebook, Row
from autograder.gradebook.records import LedgerError, short
from autograder.gradebook.roster import Student, read_rows
from autograder.report.text import visible

POSSIBLE = "Points Possible"
_IDENTITY = ("student", "id", "sis user id", "sis login id", "integration id", "root account", "section")
_LAST_FIRST = ("lastname", "firstname")


@dataclass(frozen=True)
class Updated:
    """A file for Canvas to import, and what a person should know about it."""

    text: str
    changed: int
    remarks: tuple[str, ...]


def canvas(book: Gradebook) -> str:
    """Write marks for Canvas' gradebook import; ``canvas_id`` and ``login`` of the roster are used where given."""
    header: list[Cell] = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    header += [visible(c.assignment) for c in book.columns]
    points: list[Cell] = [f"    {POSSIBLE}", None, None, None, None, *(_two(c.possible) for c in book.columns)]
    rows: list[list[Cell]] = [header, points]
    for row in book.rows:
        student = row.student
        cells: list[Cell] = [_name(student), _more(student, "canvas id", "canvas user id"), student.id]
        cells += [_login(student), visible(student.section)]
        rows.append([*cells, *(_two(row.marks[c.assignment].points) for c in book.columns)])
    return rows_text(rows)


def update(
    export: bytes, book: Gradebook, *, titles: Mapping[str, str] | None = None, shown: str = "export"
) -> Updated:
    """Put marks into a Canvas export: only for its students, and only in our columns.

    Other columns are left out: importing them again would undo later changes in Canvas.

    Args:
      titles: assignment → its title; a column may have either name.

    Raises:
      LedgerError: when the file is not a Canvas gradebook export.
    """
    lines = read_rows(export, shown)
    header = lines[0][1] if lines else []
    names = [h.strip().casefold() for h in header]
    if "id" not in names or not ({"student"} <= set(names) or set(_LAST_FIRST) <= set(names)):
        raise LedgerError(f"{shown}: expected a Canvas gradebook export with the columns Student and ID")
    identity = [i for i, name in enumerate(names) if name in (*_IDENTITY, *_LAST_FIRST)]
    ours = _our_columns(header, book, titles or {})
    remarks = [f"Canvas has no column for {c.assignment}" for c in book.columns if c.assignment not in ours]
    order = [c for c in book.columns if c.assignment in ours]
    rows: list[list[Cell]] = [[header[i] for i in (*identity, *(ours[c.assignment] for c in order))]]
    index, used, changed = _index(book), set(), 0
    for number, cells in lines[1:]:
        cells = [*cells, *[""] * (len(header) - len(cells))]
        who: list[Cell] = [_kept(cells[i]) for i in identity]
        if POSSIBLE in cells[0]:
            for c in order:
                there = cells[ours[c.assignment]].strip()
                if "read only" in there.casefold():
                    remarks.append(f"Canvas accepts no points for {c.assignment}: the column is read-only")
                elif _number(there) not in (None, c.possible):
                    remarks.append(f"{c.assignment} is worth {short(c.possible)} points here, but {there} in Canvas")
            rows.append([*who, *(_kept(cells[ours[c.assignment]]) for c in order)])
            continue
        row = _find(cells, names, index)
        if row is None:
            if any(cells[i].strip() for i in identity):
                remarks.append(
                    f"line {number}: {visible(cells[identity[0]], limit=60)} is not in our gradebook: row unchanged"
                )
                rows.append([*who, *(_kept(cells[ours[c.assignment]]) for c in order)])
            continue
        used.add(row.student.id)
        new: list[Cell] = []
        for c in order:
            there, mark = cells[ours[c.assignment]].strip(), row.marks[c.assignment]
            points = _two(mark.points)
            if there.upper() in ("EX", "N/A") or points is None:  # excused, not assigned, or nothing to say
                new.append(_kept(there))
                continue
            changed += _number(there) != points
            new.append(points)
        rows.append([*who, *new])
    left = [
        r.student.id
        for r in book.rows
        if r.student.id not in used and any(m.points is not None for m in r.marks.values())
    ]
    remarks += [f"{visible(id)} has marks, but is not in the Canvas export" for id in left]
    return Updated(rows_text(rows), changed, tuple(remarks))


def _our_columns(header: Sequence[str], book: Gradebook, titles: Mapping[str, str]) -> dict[str, int]:
    at: dict[str, int] = {}
    for i, name in enumerate(header):
        title = re.sub(r"\s*\(\d+\)\s*$", "", name).strip().casefold()
        for column in book.columns:
            if title in (column.assignment.casefold(), titles.get(column.assignment, column.assignment).casefold()):
                at.setdefault(column.assignment, i)
    return at


def _index(book: Gradebook) -> dict[tuple[str, str], Row]:
    """Index rows by the keys that Canvas may use for a student, without ambiguous keys."""
    index: dict[tuple[str, str], Row | None] = {}
    for row in book.rows:
        s = row.student
        keys = {("id", _more(s, "canvas id", "canvas user id")), ("sis user id", s.id)}
        keys |= {("sis login id", login) for login in (s.id, s.email, _login(s), s.email.rpartition("@")[0])}
        for kind, key in keys:
            if key:
                index[kind, key.casefold()] = None if (kind, key.casefold()) in index else row
    return {key: row for key, row in index.items() if row is not None}


def _find(cells: Sequence[str], names: Sequence[str], index: Mapping[tuple[str, str], Row]) -> Row | None:
    for kind in ("id", "sis user id", "sis login id"):
        if kind in names:
            found = index.get((kind, cells[names.index(kind)].strip().casefold()))
            if found is not None:
                return found
    return None


def _two(points: Decimal | None) -> Decimal | None:
    return None if points is None else points.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _number(text: str) -> Decimal | None:
    return Decimal(text.replace(",", ".")) if re.fullmatch(r"\d{1,9}([.,]\d{1,9})?", text) else None


def _kept(text: str) -> Cell:
    """Keep a cell of Canvas: numbers stay numbers, all other text is made inert when it is written."""
    return Decimal(text) if re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", text) and not text.startswith("0") else text


def _name(student: Student) -> str:
    return visible(student.name) or student.id


def _login(student: Student) -> str:
    return _more(student, "login", "login id", "sis login id", "canvas login") or visible(student.email)


def _more(student: Student, *names: str) -> str:
    found = {re.sub(r"[\s_-]+", " ", k.casefold()): v for k, v in student.more.items()}
    return visible(next((found[n] for n in names if found.get(n)), ""))
