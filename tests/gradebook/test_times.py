"""When an attempt was handed in: unknown stays unknown, and what becomes known later is added, in both databases."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from helpers.attempts import HOUR, NOON, made

from autograder.gradebook import tables
from autograder.gradebook.database import upgrade
from autograder.gradebook.ledger import Ledger
from autograder.gradebook.records import LedgerError, Person
from autograder.submission.moments import CLAIMED, GIVEN, PLATFORM, UNKNOWN


def test_an_unknown_time_is_recorded_once_and_known_later(database_url: str) -> None:
    with Ledger(database_url) as ledger:
        first, added = ledger.record("anna", made(), submitted=None, now=NOON)
        assert added and (first.submitted, first.source) == (None, UNKNOWN)
        again, added = ledger.record("anna", made(), submitted=None, now=NOON + HOUR)
        assert (again, added) == (first, False)
        known, added = ledger.record("anna", made(), submitted=NOON - HOUR, late=False, now=NOON + HOUR)
        assert added and known.number == first.number
        assert (known.submitted, known.source, known.late) == (NOON - HOUR, PLATFORM, False)
        for submitted in (None, NOON - HOUR):
            same, added = ledger.record("anna", made(), submitted=submitted)
            assert not added and same == known
        other, added = ledger.record("anna", made(), submitted=NOON)
        assert added and other.number != first.number
        assert len(ledger.book().attempts) == 2


def test_a_person_may_say_when(database_url: str) -> None:
    with Ledger(database_url) as ledger:
        attempt, _ = ledger.record("anna", made(), submitted=NOON, source=CLAIMED)
        assert attempt.source == CLAIMED
        ledger.set_time(attempt.number, NOON - HOUR, "lee", "the mail server's log")
        assert [(a.submitted, a.source) for a in ledger.book().attempts] == [(NOON - HOUR, GIVEN)]
        ledger.set_time(attempt.number, None, "lee", "the log was wrong")
        assert [(a.submitted, a.source) for a in ledger.book("anna").attempts] == [(None, UNKNOWN)]
        same, added = ledger.record("anna", made(), submitted=NOON, source=CLAIMED)
        assert same.number == attempt.number and not added
        with pytest.raises(LedgerError):
            ledger.set_time(99, NOON, "lee", "no such attempt")
        with pytest.raises(LedgerError):
            ledger.record("ben", made(), submitted=NOON, source="gossip")


def test_a_team_extensions_and_slip_days_come_back(database_url: str) -> None:
    with Ledger(database_url) as ledger:
        for student in ("anna", "ben"):
            ledger.record(student, made(), submitted=NOON, team="anna+ben")
        assert [(a.student, a.team) for a in ledger.book().attempts] == [("anna", "anna+ben"), ("ben", "anna+ben")]
        ledger.extend("anna", "backprop", NOON, "lee", "ill")
        ledger.extend("anna", "backprop", None, "lee", "a mistake")
        ledger.spend("anna", "backprop", 2, "anna", "asked")
        ledger.spend("anna", "backprop", None, "anna", "asked again")
        book = ledger.book("anna")
        assert [e.until for e in book.extensions] == [NOON, None] and [s.days for s in book.slip_days] == [2, None]
        with pytest.raises(LedgerError):
            ledger.spend("anna", "backprop", -1, "anna", "asked")
        ledger.know([Person("anna", "Anna Lee", "anna@example.org"), Person("ben")])
        ledger.know([Person("anna", "Anna Li")])
        assert ledger.people() == (Person("anna", "Anna Li"), Person("ben"))


def _old(url: str) -> None:
    """Make a ledger as version 1 left it: its tables, no trace of Alembic, an attempt."""
    engine = Ledger(url)._engine
    with engine.begin() as connection:
        for name in ("roles", "people", "slip_days", "teams", "times", "ledger_revision"):
            connection.execute(sqlalchemy.text(f"DROP TABLE {name}"))
        connection.execute(sqlalchemy.text("DELETE FROM about"))
        connection.execute(sqlalchemy.text("INSERT INTO about (version) VALUES (1)"))
        row = {c.name: "x" for c in tables.attempts.c} | {
            "id": 1,
            "student": "anna",
            "submitted_at": "2026-11-20T12:00:00.000000Z",
            "recorded_at": "2026-11-20T13:00:00.000000Z",
        }
        connection.execute(tables.attempts.insert().values(**row))
        judged = {"attempt": 1, "at": row["recorded_at"], "why": "graded", "points": "7", "possible": "10", "judged": 1}
        connection.execute(tables.judgements.insert().values(**judged, rubric="r", score=""))
    engine.dispose()


def test_a_ledger_of_the_first_version_is_upgraded(database_url: str) -> None:
    _old(database_url)
    for _ in range(2):  # and nothing is done twice
        with Ledger(database_url) as ledger:
            (attempt,) = ledger.book().attempts
            assert attempt.submitted == datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
            assert (attempt.student, attempt.source, str(attempt.points)) == ("anna", "", "7")
    with Ledger(database_url) as ledger:
        ledger.set_time(1, None, "lee", "it was the time of the grading")
        assert ledger.book().attempts[0].source == UNKNOWN
        for table in tables.APPEND_ONLY:
            with ledger._engine.connect() as connection:
                empty = connection.execute(sqlalchemy.select(table)).first() is None
            if empty and ledger._engine.dialect.name == "sqlite":
                continue  # triggers for each row have nothing to refuse
            for change in (f"UPDATE {table.name} SET id = 2", f"DELETE FROM {table.name}"):
                with (
                    pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"),
                    ledger._engine.begin() as connection,
                ):
                    connection.execute(sqlalchemy.text(change))


def test_migrations_make_the_tables_that_the_ledger_uses(database_url: str) -> None:
    with Ledger(database_url) as ledger, ledger._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _ours})
        assert compare_metadata(context, tables.META) == []


def _ours(name: str | None, kind: str, parents: object) -> bool:
    return not (kind == "table" and name == "ledger_revision")


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/course.db"
    _old(url)
    monkeypatch.setattr("autograder.gradebook.database.upgrade", _fails)
    with pytest.raises(RuntimeError):
        Ledger(url)
    with sqlite3.connect(tmp_path / "course.db") as left:
        names = {name for (name,) in left.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "times" not in names and left.execute("SELECT version FROM about").fetchall() == [(1,)]
    left.close()


def _fails(connection: sqlalchemy.Connection, since: int = 0) -> None:
    upgrade(connection, since)
    raise RuntimeError("the power went")
