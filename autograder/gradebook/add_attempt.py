"""Add a judged hand-in to the ledger, once: the rows that make an attempt, and the attempt that a result belongs to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from autograder.gradebook import tables
from autograder.gradebook.read_book import read_attempts
from autograder.gradebook.records import LedgerError, written
from autograder.result_json import to_json
from autograder.results import Result, Score, next_step
from autograder.submission.moments import PLATFORM, SOURCES, UNKNOWN

GRADED, AGAIN, RESCORED = "graded", "judged again", "re-scored"


def find_or_add(
    connection: Connection, key: Mapping[str, str], row: Mapping[str, str], time: Mapping[str, Any], result: Result
) -> tuple[int, bool]:
    """Return the number of the attempt that a result belongs to, and whether a row was added."""
    columns = tables.attempts.c
    known = read_attempts(connection, *(columns[n] == v for n, v in key.items()))
    at = row["submitted_at"]
    same = [a for a in known if not at or at in (written(a.submitted), written(a.recorded_time))]
    timeless = [a for a in known if a.submitted is None]
    if not same and not timeless:
        insert = tables.attempts.insert().values(**row).returning(columns.id)
        number = int(connection.execute(insert).scalar_one())
        connection.execute(tables.judgements.insert().values(**judgement_row(number, result.score, time["at"], GRADED)))
        connection.execute(tables.times.insert().values(attempt=number, **time))
        return number, True
    attempt, added = (same or timeless)[-1], False
    if at and not same:  # now the time is known
        connection.execute(tables.times.insert().values(attempt=attempt.number, **time))
        added = True
    if not attempt.judged and next_step(result).final:
        new = judgement_row(attempt.number, result.score, time["at"], AGAIN)
        connection.execute(tables.judgements.insert().values(**new, result=row["result"]))
        added = True
    return attempt.number, added


def time_row(submitted: datetime.datetime | None, source: str, late: bool | None) -> dict[str, Any]:
    if source and source not in SOURCES:
        raise LedgerError(f"source of a time: expected one of {', '.join(SOURCES)}, got {source!r}")
    return {
        "submitted_at": written(submitted, "the time of submission"),
        "source": UNKNOWN if submitted is None else source or PLATFORM,
        "late": None if late is None else int(late),
    }


def judgement_row(number: int, score: Score | None, at: str, why: str) -> dict[str, Any]:
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
