"""Whose each result of a grading run is, by what it was found, and when it was handed in."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.cli.common import UsageError
from autograder.gradebook.identity import Claim, identify
from autograder.gradebook.records import LedgerError
from autograder.gradebook.roster import Roster, read_rows
from autograder.results import Result
from autograder.submission.moments import GIVEN, PLATFORM, UNKNOWN, MomentError, read_moment

FILE_NAME, COLLECTED_FILE = "name of the file", "collected.csv"  # by what an owner was found, without a roster
LATE = {"late": True, "on time": False}


@dataclass(frozen=True)
class Found:
    """One owner of a result."""

    student: str
    by: str
    submitted: datetime.datetime | None
    source: str
    late: bool | None
    team: str


class Owners:
    """The owners of results, from ``collected.csv``, a roster, or the names of the files.

    Args:
      collected: written by ``autograder grade``; people may have changed it.
      roster: None where there is none.
      zone: of times without a zone.
    """

    def __init__(self, collected: Path, roster: Roster | None, zone: datetime.tzinfo | None) -> None:
        self.roster, self._zone = roster, zone
        self._rows: dict[str, list[Mapping[str, str]]] = {}
        for row in _table(collected, ("result", "student")) if collected.is_file() else ():
            self._rows.setdefault(row["result"], []).append(row)

    def of(self, name: str, result: Result) -> Iterator[Found | LedgerError]:
        """Yield the owners of a result: several for a team; or why there is none.

        Args:
          name: of the file of the result.
        """
        rows = self._rows.get(name) or [{"student": result.submission, "from": FILE_NAME}]
        members = self._split(rows[0]) if len(rows) == 1 else rows
        team = (rows[0].get("team") or "+".join(m["student"] for m in members)) if len(members) > 1 else ""
        for row in members:
            try:
                yield self._find(row, team)
            except LedgerError as error:
                yield error

    def _split(self, row: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
        """Split ids that are joined by a plus, unless somebody is called so."""
        names = [part.strip() for part in row["student"].split("+")]
        if len(names) < 2 or not all(names) or (self.roster and self.roster.get(row["student"])):
            return (row,)
        return [{**row, "student": name, **dict.fromkeys(("number", "id", "login", "email"), "")} for name in names]

    def _find(self, row: Mapping[str, str], team: str) -> Found:
        student, by = row["student"], row.get("from", COLLECTED_FILE)
        if self.roster is not None:
            claim = Claim(
                name=student,
                id=row.get("id", ""),
                login=row.get("login", ""),
                email=row.get("email", ""),
                number=row.get("number", ""),
            )
            match = identify(self.roster, claim)
            student, by = match.student.id, match.by
        else:
            student = row.get("id") or (_without_suffix(student) if by == FILE_NAME else student)
        submitted, source = None, row.get("source") or UNKNOWN
        if row.get("submitted"):
            try:
                submitted, source = read_moment(row["submitted"], self._zone), row.get("source") or PLATFORM
            except MomentError as error:
                raise LedgerError(f"{COLLECTED_FILE}: {error}") from None
        return Found(student, by, submitted, source, LATE.get(row.get("late", "")), team)


class Times:
    """Times that a person gives, beside those that the platform knows.

    Args:
      table: CSV with the columns ``submitted`` and ``student`` or ``result``; its times come first.
      otherwise: the time of what has none.

    Raises:
      UsageError: a time or a column is not understood.
    """

    def __init__(self, table: Path | None, otherwise: str, zone: datetime.tzinfo | None) -> None:
        self._by_name: dict[str, datetime.datetime] = {}
        for row in _table(table, ("submitted",)) if table else ():
            name = row.get("result") or row.get("student")
            if not name:
                raise UsageError(f"{table}: expected the columns student (or result) and submitted")
            self._by_name[name] = _read(row["submitted"], zone, f"{table}: {name}")
        self._otherwise = _read(otherwise, zone, "--submitted-at") if otherwise else None

    def of(self, found: Found, result: str) -> tuple[datetime.datetime | None, str]:
        """Return when something was handed in, and who says so."""
        given = self._by_name.get(result) or self._by_name.get(found.student)
        if given is not None:
            return given, GIVEN
        if found.submitted is None and self._otherwise is not None:
            return self._otherwise, GIVEN
        return found.submitted, found.source if found.submitted is not None else UNKNOWN


def _read(text: str, zone: datetime.tzinfo | None, where: str) -> datetime.datetime:
    try:
        return read_moment(text, zone)
    except MomentError as error:
        raise UsageError(f"{where}: {error}") from None


def _table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    (_, header), *rows = read_rows(data, str(path)) or [(1, [])]
    names = [name.strip().casefold() for name in header]
    if not set(columns) <= set(names):
        raise UsageError(f"{path}: expected the columns {', '.join(columns)}")
    return [dict(zip(names, (c.strip() for c in cells), strict=False)) for _, cells in rows]


def _without_suffix(name: str) -> str:
    return name.removesuffix(".py").removesuffix(".ipynb")
