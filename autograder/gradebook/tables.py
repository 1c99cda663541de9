"""The tables of the ledger, and the triggers that make the database itself refuse to change or delete a row."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint, text

VERSION = 1
META = MetaData()

# Times are text in UTC, all of one width, so that they sort and compare alike in every database.
TIME = String(32)

about = Table("about", META, Column("version", Integer, nullable=False))

attempts = Table(
    "attempts",
    META,
    Column("id", Integer, primary_key=True),
    Column("student", String(200), nullable=False, index=True),
    Column("assignment", String(200), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("submission", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("submitted_at", TIME, nullable=False),
    Column("recorded_at", TIME, nullable=False),
    Column("seed", String(200), nullable=False),
    Column("engine", String(200), nullable=False),
    Column("sandbox", String(200), nullable=False),
    Column("object", String(64), nullable=False),  # sha256 of the stored bytes, "" where none were given
    Column("result", Text, nullable=False),
    UniqueConstraint("student", "assignment", "submission", "submitted_at", "seed", "engine", name="one_attempt"),
)

# What an attempt is worth.  A changed rubric, or a judgement that was missing, appends a row; the last one counts.
judgements = Table(
    "judgements",
    META,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("at", TIME, nullable=False),
    Column("why", String(40), nullable=False),
    Column("points", Text, nullable=True),  # decimal text: exact in every database; NULL where there is no score
    Column("possible", Text, nullable=True),
    Column("judged", Integer, nullable=False),
    Column("rubric", String(64), nullable=False),
    Column("score", Text, nullable=False),
    Column("result", Text, nullable=True),  # only where the evidence is new too
)

overrides = Table(
    "overrides",
    META,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("points", Text, nullable=True),  # NULL takes the override back
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIME, nullable=False),
)

extensions = Table(
    "extensions",
    META,
    Column("id", Integer, primary_key=True),
    Column("student", String(200), nullable=False, index=True),
    Column("assignment", String(200), nullable=False),
    Column("until", TIME, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIME, nullable=False),
)

APPEND_ONLY = (attempts, judgements, overrides, extensions)


def create(connection: Connection) -> None:
    """Make the tables and their triggers, in the transaction of the caller."""
    META.create_all(connection)
    make = _guard_postgresql if connection.dialect.name == "postgresql" else _guard_sqlite
    for table in APPEND_ONLY:
        make(connection, table)
    connection.execute(about.insert().values(version=VERSION))


def _guard_sqlite(connection: Connection, table: Table) -> None:
    name = table.name
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        connection.execute(text(f"CREATE TRIGGER {name}_no_{change.lower()} BEFORE {change} ON {name} {refuse}"))
    # INSERT OR REPLACE deletes the row in its way without asking the trigger above.
    taken = "id = NEW.id"
    if table is attempts:
        key = ("student", "assignment", "submission", "submitted_at", "seed", "engine")
        taken = f"{taken} OR ({' AND '.join(f'{column} = NEW.{column}' for column in key)})"
    when = f"WHEN EXISTS (SELECT 1 FROM {name} WHERE {taken})"
    connection.execute(text(f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} {when} {refuse}"))


def _guard_postgresql(connection: Connection, table: Table) -> None:
    connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION autograder_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    )
    connection.execute(
        text(
            f"CREATE TRIGGER {table.name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION autograder_append_only()"
        )
    )
