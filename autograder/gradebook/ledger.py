"""The append-only ledger of attempts, in SQLite or PostgreSQL.

No row is ever changed or deleted, and the database itself enforces this: a new judgement, a changed rubric, an
override or an extension is a new row, with its author and its reason.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from autograder.gradebook import tables
from autograder.gradebook.blobs import Objects
from autograder.gradebook.database import make_tables, open_engine, read_url
from autograder.gradebook.records import (
    DEFAULT,
    KINDS,
    Attempt,
    Book,
    Extension,
    LedgerError,
    Override,
    label,
    moment,
    read_points,
    stamp,
)
from autograder.report.text import visible
from autograder.result_json import from_json, to_json
from autograder.results import Result, Score, next_step

GRADED, AGAIN, RESCORED = "graded", "judged again", "re-scored"


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
        submitted: datetime.datetime,
        kind: str = "assignment",
        content: bytes | None = None,
        now: datetime.datetime | None = None,
    ) -> tuple[Attempt, bool]:
        """Add a judged hand-in; recording it twice adds one attempt.

        An attempt that could not be judged before takes the new judgement; a judged attempt keeps its own.

        Returns:
          the attempt, and whether a row was added.
        """
        if kind not in KINDS:
            raise LedgerError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        at, made = stamp(now or datetime.datetime.now(datetime.UTC)), result.provenance
        key = {
            "student": label(student, "student"),
            "assignment": label(made.assignment, "assignment"),
            "submission": made.submission_sha256,
            "submitted_at": stamp(submitted, "the time of submission"),
            "seed": made.seed,
            "engine": made.engine_version,
        }
        stored = to_json(result, compact=True)
        about = {
            "kind": kind,
            "name": visible(result.submission, limit=200),
            "sandbox": visible(made.sandbox, limit=200),
        }
        row = {
            **key,
            **about,
            "recorded_at": at,
            "object": self.objects.put(content) if content else "",
            "result": stored,
        }
        for _ in range(3):
            try:
                with self._saying("record an attempt"), self._writer.begin() as connection:
                    number, added = self._record(connection, key, row, result, at, stored)
                    return _attempts(connection, tables.attempts.c.id == number)[0], added
            except IntegrityError:  # another process was first
                continue
        raise LedgerError(
            "the attempt could not be recorded: another program keeps adding the same attempt; stop it and try again"
        )

    def _record(
        self,
        connection: Connection,
        key: Mapping[str, str],
        row: Mapping[str, str],
        result: Result,
        at: str,
        stored: str,
    ) -> tuple[int, bool]:
        columns = tables.attempts.c
        number = connection.execute(select(columns.id).where(*(columns[n] == v for n, v in key.items()))).scalar()
        if number is None:
            insert = tables.attempts.insert().values(**row).returning(columns.id)
            number = int(connection.execute(insert).scalar_one())
            connection.execute(tables.judgements.insert().values(**_judgement(number, result.score, at, GRADED)))
            return number, True
        known = _attempts(connection, columns.id == number)[0]
        if known.judged or not next_step(result).final:
            return number, False
        new = _judgement(number, result.score, at, AGAIN)
        connection.execute(tables.judgements.insert().values(**new, result=stored))
        return number, True

    def rescore(self, scores: Mapping[int, Score], now: datetime.datetime | None = None) -> None:
        """Append the scores that a changed rubric gives to stored evidence: all of them, or none."""
        at = stamp(now or datetime.datetime.now(datetime.UTC))
        rows = [_judgement(number, score, at, RESCORED) for number, score in scores.items()]
        if rows:
            with self._saying("store scores"), self._writer.begin() as connection:
                connection.execute(tables.judgements.insert(), rows)

    def override(
        self, number: int, points: Decimal | None, by: str, reason: str, now: datetime.datetime | None = None
    ) -> None:
        """Append a person's decision about an attempt; None withdraws an earlier decision."""
        if points is not None:
            points = read_points(str(points))
        at = stamp(now or datetime.datetime.now(datetime.UTC))
        row = {"attempt": number, "by": label(by, "--by"), "reason": _reason(reason), "at": at}
        with self._saying("store an override"), self._writer.begin() as connection:
            _exists(connection, number)
            connection.execute(tables.overrides.insert().values(points=None if points is None else str(points), **row))

    def extend(
        self,
        student: str,
        assignment: str,
        until: datetime.datetime,
        by: str,
        reason: str,
        now: datetime.datetime | None = None,
    ) -> None:
        """Append an extension for one student; the last extension counts."""
        row = {
            "student": label(student, "student"),
            "assignment": label(assignment, "assignment"),
            "until": stamp(until, "--until"),
            "by": label(by, "--by"),
            "reason": _reason(reason),
            "at": stamp(now or datetime.datetime.now(datetime.UTC)),
        }
        with self._saying("store an extension"), self._writer.begin() as connection:
            connection.execute(tables.extensions.insert().values(**row))

    def book(self, student: str = "") -> Book:
        """Read everything that marks are computed from, in one snapshot; only one student's if named."""
        with self._saying("be read"), self._reader.begin() as connection:
            own = [tables.attempts.c.student == student] if student else []
            attempts = _attempts(connection, *own)
            numbers = {a.number for a in attempts}
            overrides = connection.execute(select(tables.overrides).order_by(tables.overrides.c.id)).all()
            extensions = connection.execute(select(tables.extensions).order_by(tables.extensions.c.id)).all()
        return Book(
            attempts,
            tuple(
                Override(r.attempt, None if r.points is None else Decimal(r.points), r.by, r.reason, moment(r.at))
                for r in overrides
                if r.attempt in numbers
            ),
            tuple(
                Extension(r.student, r.assignment, moment(r.until), r.by, r.reason, moment(r.at))
                for r in extensions
                if student in ("", r.student)
            ),
        )

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


def _attempts(connection: Connection, *where: Any) -> tuple[Attempt, ...]:
    a, j = tables.attempts.c, tables.judgements.c
    last = select(func.max(j.id)).where(j.attempt == a.id).correlate(tables.attempts).scalar_subquery()
    columns = [c for c in a if c.name != "result"]
    query = select(*columns, j.points, j.possible, j.judged, j.rubric).join(tables.judgements, j.attempt == a.id)
    rows = connection.execute(query.where(j.id == last, *where).order_by(a.id)).all()
    return tuple(
        Attempt(
            number=r.id,
            student=r.student,
            assignment=r.assignment,
            kind=r.kind,
            submission=r.submission,
            name=r.name,
            submitted=moment(r.submitted_at),
            recorded=moment(r.recorded_at),
            seed=r.seed,
            engine=r.engine,
            sandbox=r.sandbox,
            object=r.object,
            points=None if r.points is None else Decimal(r.points),
            possible=None if r.possible is None else Decimal(r.possible),
            judged=bool(r.judged),
            rubric=r.rubric,
        )
        for r in rows
    )


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


def _judgement(number: int, score: Score | None, at: str, why: str) -> dict[str, Any]:
    return {
        "attempt": number,
        "at": at,
        "why": why,
        "points": None if score is None else str(Decimal(repr(score.points))),
        "possible": None if score is None else str(Decimal(repr(score.possible))),
        "judged": int(score is not None and score.judged),
        "rubric": "" if score is None else score.rubric_sha256,
        "score": "" if score is None else to_json(score, compact=True),
    }


def _reason(reason: str) -> str:
    shown = visible(reason.strip(), limit=2000)
    if not shown:
        raise LedgerError("--reason: expected a reason; it is stored with the mark")
    return shown
