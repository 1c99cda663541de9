"""Read what the ledger holds as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from autograder.gradebook import tables
from autograder.gradebook.records import Attempt, Book, Extension, Judgement, Override, SlipDays, moment, time_of


def read_attempts(connection: Connection, *where: Any) -> tuple[Attempt, ...]:
    """Read attempts with their current judgement, time and team, in the order in which they were recorded."""
    a, j = tables.attempts.c, tables.judgements.c
    last = select(func.max(j.id)).where(j.attempt == a.id).correlate(tables.attempts).scalar_subquery()
    columns = [c for c in a if c.name != "result"]
    query = select(*columns, j.points, j.possible, j.judged, j.rubric).join(tables.judgements, j.attempt == a.id)
    rows = connection.execute(query.where(j.id == last, *where).order_by(a.id)).all()
    numbers = select(a.id).where(*where)
    said = _last(connection, tables.times, numbers)
    teams = _last(connection, tables.teams, numbers)
    return tuple(_attempt(row, said.get(row.id), teams.get(row.id)) for row in rows)


def read_book(connection: Connection, student: str = "") -> Book:
    """Read everything that marks are computed from; only one student's if named."""
    own = [tables.attempts.c.student == student] if student else []
    attempts = read_attempts(connection, *own)
    numbers = {a.number for a in attempts}

    def rows(table: Any) -> list[Any]:
        return list(connection.execute(select(table).order_by(table.c.id)).all())

    return Book(
        attempts,
        tuple(
            Override(r.attempt, _decimal(r.points), r.by, r.reason, moment(r.at))
            for r in rows(tables.overrides)
            if r.attempt in numbers
        ),
        tuple(
            Extension(r.student, r.assignment, time_of(r.until), r.by, r.reason, moment(r.at))
            for r in rows(tables.extensions)
            if student in ("", r.student)
        ),
        tuple(
            SlipDays(r.student, r.assignment, r.days, r.by, r.reason, moment(r.at))
            for r in rows(tables.slip_days)
            if student in ("", r.student)
        ),
        _judgements(connection, numbers),
    )


def _judgements(connection: Connection, numbers: set[int]) -> tuple[Judgement, ...]:
    """Read all judgements of the attempts that have several."""
    j = tables.judgements.c
    several = select(j.attempt).group_by(j.attempt).having(func.count() > 1)
    query = select(j.attempt, j.at, j.why, j.points, j.possible, j.judged).where(j.attempt.in_(several)).order_by(j.id)
    return tuple(
        Judgement(r.attempt, moment(r.at), r.why, _decimal(r.points), _decimal(r.possible), bool(r.judged))
        for r in connection.execute(query).all()
        if r.attempt in numbers
    )


def _last(connection: Connection, table: Any, numbers: Any) -> Mapping[int, Any]:
    """Read the last row of each attempt in a table."""
    newest = select(func.max(table.c.id)).where(table.c.attempt.in_(numbers)).group_by(table.c.attempt)
    return {row.attempt: row for row in connection.execute(select(table).where(table.c.id.in_(newest))).all()}


def _attempt(row: Any, said: Any, team: Any) -> Attempt:
    return Attempt(
        number=row.id,
        student=row.student,
        assignment=row.assignment,
        kind=row.kind,
        submission=row.submission,
        name=row.name,
        submitted=time_of(row.submitted_at if said is None else said.submitted_at),
        source="" if said is None else said.source,
        late=None if said is None or said.late is None else bool(said.late),
        team="" if team is None else team.team,
        recorded_time=time_of(row.submitted_at),
        recorded=moment(row.recorded_at),
        seed=row.seed,
        engine=row.engine,
        sandbox=row.sandbox,
        object=row.object,
        points=_decimal(row.points),
        possible=_decimal(row.possible),
        judged=bool(row.judged),
        rubric=row.rubric,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
