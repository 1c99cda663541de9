"""The tables of the ledger as they are now; ``migrations`` makes them, and a test compares the two."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

VERSION = 2
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
    Column("submitted_at", TIME, nullable=False),  # as first recorded; "" for an unknown time, never NULL
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
    Column("until", TIME, nullable=False),  # "" takes earlier extensions back
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIME, nullable=False),
)

# When an attempt was handed in, and who says so; the last row counts.  Attempts of version 1 have none.
times = Table(
    "times",
    META,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("submitted_at", TIME, nullable=False),  # "" for an unknown time
    Column("source", String(20), nullable=False),
    Column("late", Integer, nullable=True),  # what the platform says; NULL where it never does
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIME, nullable=False),
)

teams = Table(
    "teams",
    META,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("team", String(200), nullable=False),
    Column("at", TIME, nullable=False),
)

slip_days = Table(
    "slip_days",
    META,
    Column("id", Integer, primary_key=True),
    Column("student", String(200), nullable=False, index=True),
    Column("assignment", String(200), nullable=False),
    Column("days", Integer, nullable=True),  # NULL: as the rules say
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIME, nullable=False),
)

# Names and addresses change, and some must be forgotten: these tables may be changed, the ledger holds ids alone.
people = Table(
    "people",
    META,
    Column("id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("section", Text, nullable=False),
)

roles = Table(
    "roles",
    META,
    Column("person", ForeignKey("people.id"), primary_key=True),
    Column("role", String(40), primary_key=True),
)

APPEND_ONLY = (attempts, judgements, overrides, extensions, times, teams, slip_days)
