"""The append-only ledger of attempts, in SQLite or PostgreSQL.

No row is ever changed or deleted, and the database itself enforces this: a new judgement, a changed rubric, an
override or an extension is a new row, with its author and its reason.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from autograder.gradebook import tables
from autograder.gradebook.add_attempt import RESCORED, find_or_add, judgement_row, time_row
from autograder.gradebook.blobs import Objects
from autograder.gradebook.database import make_tables, open_engine, read_url
from autograder.gradebook.read_book import read_attempts, read_book
from autograder.gradebook.records import (
    DEFAULT,
    KINDS,
    Attempt,
    Book,
    LedgerError,
    Person,
    label,
    read_points,
    stamp,
    written,
)
from autograder.report.text import visible
from autograder.result_json import from_json, to_json
from autograder.results import Result, Score
from autograder.submission.moments import GIVEN

MOST_DAYS = 1000


class Ledger:
    """Attempts, overrides and extensions behind one URL; created on first use.

    Args:
      url: ``sqlite:///course.db``, or ``postgresql://user@host/name``.
      objects: folder for the bytes of submissions; default: ``objects`` beside the database file.

    Raises:
      LedgerError: when the database cannot be reached, is not a ledger, or was created by a newer version.
    """

    def __init__(self, url: str = DEFAULT, objects: Path | None = None) -> None:
        self.url = read_url(url)
        beside = Path(self.url.database or ".").parent if self.url.get_backend_name() == "sqlite" else Path(".")
        self.objects = Objects(objects or beside / "objects")
        with self._saying("be opened"):
            self._engine = open_engine(self.url)
            self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")
            snapshot = {} if self.url.get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
            self._reader = self._engine.execution_options(**snapshot)
            make_tables(self._writer, self.url.render_as_string(hide_password=True))

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(
        self,
        student: str,
        result: Result,
        *,
        submitted: datetime.datetime | None,
        source: str = "",
        late: bool | None = None,
        kind: str = "assignment",
        team: str = "",
        content: bytes | None = None,
        now: datetime.datetime | None = None,
    ) -> tuple[Attempt, bool]:
        """Add a judged hand-in; recording it twice adds one attempt.

        An attempt that could not be judged before takes the new judgement; a judged attempt keeps its own.  A time that
        was not known before is added to the attempt.

        Args:
          submitted: when it was handed in; None where nobody knows.
          source: who says so; default: the platform, of a known time.
          late: whether the platform calls it late; None where it never says.
          team: what the team is called that handed it in together.

        Returns:
          the attempt, and whether a row was added.
        """
        if kind not in KINDS:
            raise LedgerError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        at, made = stamp(now or datetime.datetime.now(UTC)), result.provenance
        key = {
            "student": label(student, "student"),
            "assignment": label(made.assignment, "assignment"),
            "submission": made.submission_sha256,
            "seed": made.seed,
            "engine": made.engine_version,
        }
        row = {
            **key,
            "kind": kind,
            "name": visible(result.submission, limit=200),
            "sandbox": visible(made.sandbox, limit=200),
            "submitted_at": written(submitted, "the time of submission"),
            "recorded_at": at,
            "object": self.objects.put(content) if content else "",
            "result": to_json(result, compact=True),
        }
        time = {**time_row(submitted, source, late), "by": "", "reason": "", "at": at}
        for _ in range(3):
            try:
                with self._saying("record an attempt"), self._writer.begin() as connection:
                    number, added = find_or_add(connection, key, row, time, result)
                    if added and team:
                        connection.execute(
                            tables.teams.insert().values(attempt=number, team=label(team, "team"), at=at)
                        )
                    return read_attempts(connection, tables.attempts.c.id == number)[0], added
            except IntegrityError:  # another process was first
                continue
        raise LedgerError(
            "the attempt could not be recorded: another program keeps adding the same attempt; stop it and try again"
        )

    def set_time(
        self,
        number: int,
        submitted: datetime.datetime | None,
        by: str,
        reason: str,
        now: datetime.datetime | None = None,
    ) -> None:
        """Append when an attempt was handed in, as a person says it; the last entry counts."""
        row = {"by": label(by, "--by"), "reason": _reason(reason), "at": stamp(now or datetime.datetime.now(UTC))}
        with self._saying("store a time"), self._writer.begin() as connection:
            _exists(connection, number)
            connection.execute(tables.times.insert().values(attempt=number, **time_row(submitted, GIVEN, None), **row))

    def rescore(self, scores: Mapping[int, Score], now: datetime.datetime | None = None) -> None:
        """Append the scores that a changed rubric gives to stored evidence: all of them, or none."""
        at = stamp(now or datetime.datetime.now(UTC))
        rows = [judgement_row(number, score, at, RESCORED) for number, score in scores.items()]
        if rows:
            with self._saying("store scores"), self._writer.begin() as connection:
                connection.execute(tables.judgements.insert(), rows)

    def override(
        self, number: int, points: Decimal | None, by: str, reason: str, now: datetime.datetime | None = None
    ) -> None:
        """Append a person's decision about an attempt; None withdraws an earlier decision."""
        if points is not None:
            points = read_points(str(points))
        at = stamp(now or datetime.datetime.now(UTC))
        row = {"attempt": number, "by": label(by, "--by"), "reason": _reason(reason), "at": at}
        with self._saying("store an override"), self._writer.begin() as connection:
            _exists(connection, number)
            connection.execute(tables.overrides.insert().values(points=None if points is None else str(points), **row))

    def extend(
        self,
        student: str,
        assignment: str,
        until: datetime.datetime | None,
        by: str,
        reason: str,
        now: datetime.datetime | None = None,
    ) -> None:
        """Append an extension for one student; the last one counts, and None takes earlier ones back."""
        row = {
            "student": label(student, "student"),
            "assignment": label(assignment, "assignment"),
            "until": written(until, "--until"),
            "by": label(by, "--by"),
            "reason": _reason(reason),
            "at": stamp(now or datetime.datetime.now(UTC)),
        }
        with self._saying("store an extension"), self._writer.begin() as connection:
            connection.execute(tables.extensions.insert().values(**row))

    def spend(
        self,
        student: str,
        assignment: str,
        days: int | None,
        by: str,
        reason: str,
        now: datetime.datetime | None = None,
    ) -> None:
        """Append how many slip days a student spends on an assignment; None: as the rules say.  The last counts."""
        if days is not None and not 0 <= days <= MOST_DAYS:
            raise LedgerError(f"slip days: expected a number from 0 to {MOST_DAYS}, got {days}")
        row = {
            "student": label(student, "student"),
            "assignment": label(assignment, "assignment"),
            "days": days,
            "by": label(by, "--by"),
            "reason": _reason(reason),
            "at": stamp(now or datetime.datetime.now(UTC)),
        }
        with self._saying("store slip days"), self._writer.begin() as connection:
            connection.execute(tables.slip_days.insert().values(**row))

    def book(self, student: str = "") -> Book:
        """Read everything that marks are computed from, in one snapshot; only one student's if named."""
        with self._saying("be read"), self._reader.begin() as connection:
            return read_book(connection, student)

    def know(self, people: Iterable[Person]) -> None:
        """Store the names and addresses of people; newer ones replace older ones."""
        rows = [dataclasses.asdict(person) for person in people]
        if not rows:
            return
        with self._saying("store people"), self._writer.begin() as connection:
            for row in rows:
                own = tables.people.c.id == row["id"]
                if connection.execute(tables.people.update().where(own).values(**row)).rowcount == 0:
                    connection.execute(tables.people.insert().values(**row))

    def people(self) -> tuple[Person, ...]:
        """Read the names and addresses of people, by id."""
        with self._saying("be read"), self._reader.begin() as connection:
            rows = connection.execute(select(tables.people).order_by(tables.people.c.id)).all()
        return tuple(Person(**row._asdict()) for row in rows)

    def result(self, number: int) -> Result:
        """Read the evidence and the first score of an attempt."""
        with self._saying("be read"), self._reader.begin() as connection:
            _exists(connection, number)
            return from_json(_evidence(connection, number))

    def points_of_checks(self, number: int) -> dict[str, Decimal]:
        """Read the current points of each check."""
        j = tables.judgements.c
        with self._saying("be read"), self._reader.begin() as connection:
            query = select(j.score).where(j.attempt == number).order_by(j.id.desc()).limit(1)
            score = connection.execute(query).scalar()
        checks = json.loads(score)["checks"] if score else []
        return {c["name"]: Decimal(repr(c["points"])) for c in checks}

    @contextlib.contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        shown = self.url.render_as_string(hide_password=True)
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            first = visible((str(error.orig).strip().splitlines() or [""])[0], limit=300)
            raise LedgerError(f"the ledger {shown} cannot {what}: {first}") from None


def _evidence(connection: Connection, number: int) -> str:
    j = tables.judgements.c
    newer = select(j.result).where(j.attempt == number, j.result.is_not(None)).order_by(j.id.desc()).limit(1)
    found = connection.execute(newer).scalar()
    if found is None:
        found = connection.execute(select(tables.attempts.c.result).where(tables.attempts.c.id == number)).scalar()
    return str(found)


def _exists(connection: Connection, number: int) -> None:
    if connection.execute(select(tables.attempts.c.id).where(tables.attempts.c.id == number)).scalar() is None:
        raise LedgerError(f"attempt {number} does not exist: list the attempts with autograder attempts")


def _reason(reason: str) -> str:
    shown = visible(reason.strip(), limit=2000)
    if not shown:
        raise LedgerError("--reason: expected a reason; it is stored with the mark")
    return shown
