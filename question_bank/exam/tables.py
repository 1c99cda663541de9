"""The tables of an exam's responses, which the database itself refuses to change or delete a row of."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    inspect,
    select,
    text,
)

from question_bank.exam.append_only import guard

VERSION = 1
META = MetaData()

TIME = String(32)  # text in UTC, all of one width
_LOCK = 0x6578616D  # any number: PostgreSQL's lock while the tables are made

about = Table("exam_about", META, Column("version", Integer, nullable=False))

events = Table(
    "exam_events",
    META,
    Column("id", Integer, primary_key=True),
    Column("exam", String(100), nullable=False),
    Column("student", String(200), nullable=False),  # "" where it concerns everybody
    Column("kind", String(20), nullable=False),
    Column("at", TIME, nullable=False),
    Column("data", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Index("exam_events_of", "exam", "student", "id"),
)

answers = Table(
    "exam_answers",
    META,
    Column("id", Integer, primary_key=True),
    Column("exam", String(100), nullable=False),
    Column("student", String(200), nullable=False),
    Column("sitting", Integer, nullable=False),
    Column("name", String(40), nullable=False),
    Column("response", Text, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("seconds", Float, nullable=True),
    Column("at", TIME, nullable=False),
    Column("token", String(100), nullable=False),
    UniqueConstraint("exam", "student", "token", name="exam_one_answer"),
    Index("exam_answers_of", "exam", "student", "sitting", "name", "id"),
)

codes = Table(
    "exam_codes",
    META,
    Column("id", Integer, primary_key=True),
    Column("exam", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("student", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("at", TIME, nullable=False),
    Index("exam_codes_of", "exam", "role", "student", "id"),
)

sessions = Table(
    "exam_sessions",
    META,
    Column("id", Integer, primary_key=True),
    Column("code", ForeignKey("exam_codes.id"), nullable=False, unique=True),  # used up by the first session
    Column("hash", String(64), nullable=False, unique=True),
    Column("at", TIME, nullable=False),
)

# Table → what else than its id may not be there twice: INSERT OR REPLACE would delete the row in its way.
APPEND_ONLY = {
    events: (),
    answers: (("exam", "student", "token"),),
    codes: (("hash",),),
    sessions: (("code",), ("hash",)),
}


class NotOurs(Exception):
    """The database holds something else."""


def make(writer: Engine) -> None:
    """Make the tables where they are missing.  Raises NotOurs."""
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":  # two programs may be the first at the same time
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        there = set(inspect(connection).get_table_names()) & set(META.tables)
        if not there:
            META.create_all(connection)
            for table, keys in APPEND_ONLY.items():
                guard(connection, table, *keys)
            connection.execute(about.insert().values(version=VERSION))
        elif there != set(META.tables):
            raise NotOurs(f"some of its tables are called like ours ({', '.join(sorted(there))})")
        version = connection.execute(select(func.max(about.c.version))).scalar()
    if version != VERSION:
        raise NotOurs(f"its tables have version {version}, this program reads {VERSION}")
