"""The tables of the ledger, and the triggers that make the database itself refuse to change or delete a row."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

from autograder.gradebook.append_only import guard

VERSION = 1
META = MetaData()

# Times are text in UTC, all of one width, so that they sort and compare alike in every database.
TIME = String(32)

_ONE_ATTEMPT = ("student", "assignment", "submission", "submitted_at", "seed", "engine")

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
    Column("object", String(64), nullable=False),  # sha256 of the stored bytes, "" without bytes
    Column("result", Text, nullable=False),
    UniqueConstraint(*_ONE_ATTEMPT, name="one_attempt"),
)

# What an attempt is worth.  A changed rubric, or a judgement that was missing, appends a row; the last row counts.
judgements = Table(
    "judgements",
    META,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("at", TIME, nullable=False),
    Column("why", String(40), nullable=False),
    Column("points", Text, nullable=True),  # decimal text: exact in every database; NULL without a score
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
    Column("points", Text, nullable=True),  # NULL withdraws the override
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
    for table in APPEND_ONLY:
        guard(connection, table, *([_ONE_ATTEMPT] if table is attempts else []))
    connection.execute(about.insert().values(version=VERSION))
