"""The roster of a class: read from a spreadsheet's CSV, and searched for the owner of a submission."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.escaping import uncell
from autograder.gradebook.records import LedgerError, label
from autograder.gradebook.roster_columns import (
    RosterError,
    cell_of,
    find_columns,
    is_damaged,
    is_no_student,
    platform_number,
)
from autograder.report.text import visible

__all__ = ["Roster", "RosterError", "Student", "parse_roster", "read_roster", "read_rows"]

MAX_BYTES = 16 << 20
MAX_STUDENTS = 200_000


@dataclass(frozen=True)
class Student:
    """One line of a roster.

    Attributes:
      id: the number that the school gave; where the table has none, the login or the e-mail address.
      numbers: what learning platforms call the student.
      more: all other columns.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    login: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    students: tuple[Student, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, Student]:
        return {s.id: s for s in self.students}

    @cached_property
    def _index(self) -> dict[str, set[str]]:
        index: dict[str, set[str]] = {}
        for student in self.students:
            for key in _keys(student):
                index.setdefault(key, set()).add(student.id)
        return index

    def get(self, id: str) -> Student | None:
        return self._by_id.get(id)

    def named(self, id: str) -> Student:
        """Return the student with an id that is on the roster."""
        return self._by_id[id]

    def known_as(self, by: str, key: str) -> Student | None:
        """Return the only student with this id, login or e-mail address, whatever its case; None for no or several.

        Args:
          by: "id", "login" or "e-mail".
        """
        found = self._keys.get((by, key.strip().casefold()), [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _keys(self) -> dict[tuple[str, str], list[Student]]:
        keys: dict[tuple[str, str], list[Student]] = {}
        for s in self.students:
            for by, key in (("id", s.id), ("login", s.login), ("e-mail", s.email)):
                if key:
                    keys.setdefault((by, key.casefold()), []).append(s)
        return keys

    def numbered(self, number: str) -> str | None:
        """Return the id of the only student with this number on a platform or in a column such as "canvas id"."""
        found = self._numbers.get(number, [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _numbers(self) -> dict[str, list[str]]:
        numbers: dict[str, list[str]] = {}
        for student in self.students:
            for number in {*student.numbers, *student.more.values()}:
                numbers.setdefault(number, []).append(student.id)
        return numbers

    def find(self, name: str) -> Student:
        """Find the owner of a submission of this name.

        An id, an e-mail address or a name must match as a whole, with or without the file's extension ("anna_lee.py",
        "Lee, Anna"); an id of four characters or more may also be part of a longer name ("hw1-s1234.py").

        Raises:
          RosterError: when no student matches, or more than one.
        """
        stem = re.sub(r"\.(py|ipynb)$", "", name.strip(), flags=re.IGNORECASE)
        found = self._index.get(_key(stem), set()) or self._index.get(_key(name), set())
        if not found:
            words = re.split(r"[^0-9a-z]+", _folded(stem))
            ids = {_folded(s.id): s.id for s in self.students if len(s.id) >= 4}
            found = {ids[word] for word in words if word in ids}
        if len(found) == 1:
            return self._by_id[next(iter(found))]
        shown = visible(name, limit=100)
        if not found:
            raise RosterError(f"{shown}: no student on the roster has this id, e-mail address or name")
        raise RosterError(
            f"{shown}: may be {' or '.join(sorted(map(visible, found))[:5])}: rename it to the student's id"
        )


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
    """Read a roster: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252."""
    lines = list(read_rows(data, shown))
    if not lines:
        raise RosterError(f"{shown}: empty, expected a line of column names: id, name, email, section")
    first, header = lines[0]
    columns = find_columns(header, f"{shown}, line {first}")
    students: list[Student] = []
    seen: dict[str, int] = {}
    for line, cells in lines[1:]:
        where = f"{shown}, line {line}"
        if len(cells) > len(header) and any(c.strip() for c in cells[len(header) :]):
            raise RosterError(
                f"{where}: {len(cells)} cells under {len(header)} column names: quote cells that contain a comma"
            )
        if is_no_student(cells, columns):
            continue
        student = _student(cells, header, columns, where)
        for key in filter(
            None, (f"id {student.id.casefold()}", student.email and f"e-mail {student.email.casefold()}")
        ):
            if key in seen:
                raise RosterError(f"{where}: the {visible(key)} is already on line {seen[key]}")
            seen[key] = line
        students.append(student)
        if len(students) > MAX_STUDENTS:
            raise RosterError(f"{shown}: more than {MAX_STUDENTS:,} lines, expected a roster")
    return Roster(tuple(students))


def read_rows(data: bytes, shown: str) -> list[tuple[int, list[str]]]:
    """Read the non-empty lines of a spreadsheet's CSV, each with its number.  Raises RosterError."""
    text = _decoded(data, shown)
    head = text.split("\n", 1)[0]
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


def _student(cells: Sequence[str], header: Sequence[str], columns: Mapping[str, int], where: str) -> Student:
    def cell(name: str) -> str:
        return cell_of(cells, columns, name)

    numbers = tuple(filter(None, (platform_number(cell("number")),)))
    login, email = cell("login").lstrip("#"), cell("email")
    id = cell("id").lstrip("#") or login or email
    if is_damaged(id):
        raise RosterError(
            f"{where}: the id {visible(id, limit=40)} was changed by a spreadsheet program: export the table again, "
            "and format this column as text before you save it"
        )
    if not id:
        raise RosterError(f"{where}: the id is missing")
    try:
        id = label(id, "id")
    except LedgerError as error:
        raise RosterError(f"{where}: {error}") from None
    name = cell("name") or " ".join(filter(None, (cell("first"), cell("last"))))
    used = set(columns.values())
    more = {
        h.strip(): c.strip()
        for i, (h, c) in enumerate(zip(header, cells, strict=False))
        if (i not in used or i == columns.get("number")) and h.strip()
    }
    return Student(id, name, email, cell("section"), more, login, numbers)


def _keys(student: Student) -> set[str]:
    keys = {_key(student.id), _key(student.email), _key(student.login)}
    if "@" in student.email:
        keys.add(_key(student.email.rpartition("@")[0]))
    last, comma, first = student.name.partition(",")
    names = [f"{first} {last}"] if comma else [student.name]
    for words in (n.split() for n in names):
        for order in (words, [*words[-1:], *words[:-1]]):
            keys |= {_key(" ".join(order)), _key("".join(order)), _key(" ".join(order)).replace(" ", "")}
    return keys - {""}


def _key(text: str) -> str:
    """Normalise a name for comparison: without accents, punctuation and case."""
    return re.sub(r"[^0-9a-z@]+", " ", _folded(text)).strip() or text.strip().casefold()


def _folded(text: str) -> str:
    text = text.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
