"""Read the roster of a class from a spreadsheet's CSV, as people and learning platforms save it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from autograder.escaping import uncell
from autograder.gradebook.identity import Roster
from autograder.gradebook.roster_columns import RosterError, Student, find_columns, is_no_student, make_student
from autograder.report.text import visible

__all__ = ["Roster", "RosterError", "Student", "parse_roster", "read_roster", "read_rows"]

MAX_BYTES = 16 << 20
MAX_STUDENTS = 200_000


def read_roster(path: Path) -> Roster:
    """Read a roster file.  Raises RosterError with the line."""
    shown = visible(str(path))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RosterError(f"{shown}: larger than {MAX_BYTES >> 20} MiB, expected a roster")
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{shown}: {error.strerror or error}") from None
    return parse_roster(data, shown)


def parse_roster(data: bytes, shown: str = "roster") -> Roster:
    """Read a roster: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Rows that are no students are left out, and listed in the result.

    Raises:
      RosterError: with the line, for a table without ids, a student without an id, and two students with the same
        id or e-mail address.
    """
    lines = read_rows(data, shown)
    if not lines:
        raise RosterError(f"{shown}: empty, expected a line of column names: id, name, email, section")
    first, header = lines[0]
    columns = find_columns(header, f"{shown}, line {first}")
    students: list[Student] = []
    left_out: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for line, cells in lines[1:]:
        where = f"{shown}, line {line}"
        if len(cells) > len(header) and any(c.strip() for c in cells[len(header) :]):
            raise RosterError(
                f"{where}: {len(cells)} cells under {len(header)} column names: quote cells that contain a comma"
            )
        if is_no_student(cells, columns):
            left_out.append((line, visible(next(c.strip() for c in cells if c.strip()), limit=60)))
            continue
        student = make_student(cells, columns, where)
        for key in (f"id {student.id.casefold()}", f"e-mail {student.email.casefold()}"):
            if key in seen:
                raise RosterError(f"{where}: the {visible(key)} is already on line {seen[key]}")
            if key.startswith("id ") or "@" in key:
                seen[key] = line
        students.append(student)
        if len(students) > MAX_STUDENTS:
            raise RosterError(f"{shown}: more than {MAX_STUDENTS:,} lines, expected a roster")
    return Roster(tuple(students), tuple(left_out))


def read_rows(data: bytes, shown: str) -> list[tuple[int, list[str]]]:
    """Read the non-empty lines of a spreadsheet's CSV, each with its number.  Raises RosterError."""
    text = _decoded(data, shown)
    head = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])  # what separates stands outside the quotes
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((line, [uncell(c) for c in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise RosterError(f"{shown}, line {line}: {error}") from None
    return rows


def _decoded(data: bytes, shown: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        try:
            text = data.decode("cp1252")  # how older spreadsheets in Western Europe and America save CSV
        except UnicodeDecodeError:
            raise RosterError(
                f"{shown}, line {line}: expected UTF-8, got the byte 0x{data[wrong.start]:02x}: save it as UTF-8"
            ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RosterError(f"{shown}, line {line}: contains a zero byte, expected CSV as a text file")
    return text
