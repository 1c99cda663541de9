"""Marked responses, read from a file and arranged as matrices of students by units.

A unit is what statistics are computed for: an item, or a template whose numbers were drawn anew for each student.
Students see different forms, so every matrix has holes by design: NaN means “was not in this student’s form”.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from question_bank.errors import UserError

MAX_BYTES, MAX_ROWS, LONGEST = 200_000_000, 1_000_000, 4000

Floats = NDArray[np.float64]


class ResponsesError(UserError):
    """The marked responses cannot be read; the message says where, what was expected and what came."""


@dataclass(frozen=True)
class Answer:
    """One student's marked response to one item.

    Attributes:
      student, item: Any names; a student answers an item once.
      share: Fraction of the points earned, 0 to 1.
      points: Points of a full answer.
      group: Id of the template, or of the set of items of which a form takes one.
      draw: Name of the numbers drawn; with it, statistics are computed for the group and compared between draws.
      response: What was chosen or typed, in the words of the options (their order differs between forms); empty when
        nothing was answered.
      key, options: The right options and all options, for choices.
      seconds: Time on the item, in seconds; NaN where it was not measured.
      position: Place in the student's form, from 1; 0 where it is not known.
    """

    student: str
    item: str
    share: float
    points: float = 1.0
    group: str = ""
    draw: str = ""
    response: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    seconds: float = math.nan
    position: int = 0

    @property
    def unit(self) -> str:
        """What statistics are computed for: the template where the numbers were drawn, else the item."""
        return self.group if self.draw and self.group else self.item


COLUMNS = tuple(f.name for f in fields(Answer))
_LISTS, _NUMBERS, _NEEDED = ("response", "key", "options"), ("share", "points", "seconds"), ("student", "item", "share")


@dataclass(frozen=True)
class Table:
    """Answers by student and unit.

    Attributes:
      students, units: Names of the rows and of the columns, sorted.
      share, points, seconds, position: Read-only arrays of shape `[students, units]`, float64; NaN where a unit was not
        in the form, or where the value is not known.
      answers: For each unit, its answers in the order of the students who had it.
      takers: For each unit, the rows of those students: arrays of shape `[len(answers)]`, intp.
    """

    students: tuple[str, ...]
    units: tuple[str, ...]
    share: Floats
    points: Floats
    seconds: Floats
    position: Floats
    answers: tuple[tuple[Answer, ...], ...]
    takers: tuple[NDArray[np.intp], ...]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which unit was in which student's form: a boolean array of shape `[students, units]`."""
        return ~np.isnan(self.share)

    @property
    def complete(self) -> bool:
        """Whether every student had every unit."""
        return bool(self.seen.all())


def tabulate(answers: Iterable[Answer]) -> Table:
    """Arrange answers as a table; a template that is in a form twice becomes two units, "name" and "name (2)".

    Raises:
      ResponsesError: There are none, a number is out of range, or a student has one item twice.
    """
    rows = sorted(answers, key=lambda a: (a.student, a.position, a.item))
    if not rows:
        raise ResponsesError("no answers: there is nothing to analyse")
    twice = [pair for pair, n in Counter((a.student, a.item) for a in rows).items() if n > 1]
    if twice:
        raise ResponsesError(f"student {twice[0][0]!r} has the item {twice[0][1]!r} more than once")
    for row in rows:
        _check(row)
    seen: Counter[tuple[str, str]] = Counter()
    names = []
    for row in rows:
        seen[row.student, row.unit] += 1
        count = seen[row.student, row.unit]
        names.append(row.unit if count == 1 else f"{row.unit} ({count})")
    students, units = sorted({a.student for a in rows}), sorted(set(names))
    row_of, column_of = {s: i for i, s in enumerate(students)}, {u: i for i, u in enumerate(units)}
    shape = len(students), len(units)
    share, points, seconds, position = (np.full(shape, math.nan) for _ in range(4))
    grouped: list[list[Answer]] = [[] for _ in units]
    takers: list[list[int]] = [[] for _ in units]
    for row, name in zip(rows, names, strict=True):
        at = row_of[row.student], column_of[name]
        share[at], points[at], seconds[at] = row.share, row.points, row.seconds
        position[at] = row.position or math.nan
        grouped[at[1]].append(row)
        takers[at[1]].append(at[0])
    for matrix in (share, points, seconds, position):
        matrix.setflags(write=False)
    return Table(
        tuple(students),
        tuple(units),
        share,
        points,
        seconds,
        position,
        tuple(map(tuple, grouped)),
        tuple(np.array(t, dtype=np.intp) for t in takers),
    )


def _check(row: Answer) -> None:
    where = f"student {row.student[:80]!r}, item {row.item[:80]!r}"
    if not row.student.strip() or not row.item.strip():
        raise ResponsesError(f"{where}: both need a name")
    if not 0 <= row.share <= 1:
        raise ResponsesError(f"{where}: share: expected a number from 0 to 1, not {row.share!r}")
    if not 0 < row.points < math.inf:
        raise ResponsesError(f"{where}: points: expected a number above 0, not {row.points!r}")
    if row.seconds < 0 or math.isinf(row.seconds):
        raise ResponsesError(f"{where}: seconds: expected a number from 0, or nothing, not {row.seconds!r}")
    if row.position < 0:
        raise ResponsesError(f"{where}: position: expected 1 or more, or nothing, not {row.position!r}")


def read_answers(path: Path) -> list[Answer]:
    """Read the answers of a file: CSV with a heading, or JSON (a list of objects, or an object with “answers”).

    The columns are the fields of ``Answer``; others are ignored.  In CSV, a cell that is a JSON list of texts is a
    list; every other cell is one text.

    Raises:
      ResponsesError: The file is no such table; the message names the row and the column.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ResponsesError(f"{path.name}: larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResponsesError(f"{path.name}: not UTF-8 text (byte {error.start})") from None
    rows = _csv_rows(text, path.name) if path.suffix.casefold() == ".csv" else _json_rows(text, path.name)
    if len(rows) > MAX_ROWS:
        raise ResponsesError(f"{path.name}: more than {MAX_ROWS} rows")
    return [_answer(row, f"{path.name}: row {i}") for i, row in enumerate(rows, 1)]


def _json_rows(text: str, name: str) -> list[Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResponsesError(f"{name}: not valid JSON: {error}") from None
    rows = value.get("answers") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise ResponsesError(f"{name}: expected a list of answers, or an object with “answers”")
    return rows


def _csv_rows(text: str, name: str) -> list[Any]:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
    except csv.Error as error:
        raise ResponsesError(f"{name}: not valid CSV: {error}") from None
    missing = [c for c in _NEEDED if c not in (reader.fieldnames or ())]
    if missing:
        raise ResponsesError(f"{name}: the heading lacks {', '.join(missing)}; known columns: {', '.join(COLUMNS)}")
    return rows


def _answer(row: object, where: str) -> Answer:
    if not isinstance(row, Mapping):
        raise ResponsesError(f"{where}: expected an object with {', '.join(_NEEDED)}, not {type(row).__name__}")
    for name in _NEEDED:
        if row.get(name) in (None, ""):
            raise ResponsesError(f"{where}: {name}: is missing")
    values: dict[str, Any] = {}
    for name in COLUMNS:
        value = row.get(name)
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value) and name != "share"):
            continue
        if name in _LISTS:
            values[name] = _texts(value, f"{where}: {name}")
        elif name in _NUMBERS or name == "position":
            values[name] = _number(value, f"{where}: {name}", whole=name == "position")
        else:
            values[name] = _text(value, f"{where}: {name}")
    return Answer(**values)


def _number(value: object, where: str, *, whole: bool) -> float | int:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float | np.number):
            raise ValueError
        number = float(value)
        if whole and (not math.isfinite(number) or number != int(number)):
            raise ValueError
    except (ValueError, OverflowError):
        raise ResponsesError(f"{where}: expected a {'whole ' * whole}number, not {str(value)[:80]!r}") from None
    return int(number) if whole else number


def _text(value: object, where: str) -> str:
    if isinstance(value, bool | float | dict | list) or not isinstance(value, str | int):
        raise ResponsesError(f"{where}: expected a text, not {str(value)[:80]!r}")
    return str(value)[:LONGEST]


def _texts(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return (str(value)[:LONGEST],)
    if isinstance(value, list | tuple):
        return tuple(_text(member, where) for member in value)
    return (_text(value, where),)
