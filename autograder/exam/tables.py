"""The tables of a served exam.  The database itself refuses to change or delete their rows."""

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

from autograder.gradebook.append_only import guard

VERSION = 1
META = MetaData()

TIME = String(32)  # text in UTC, of fixed width; see ``gradebook.records.stamp``
_LOCK = 0x6578616D  # arbitrary: identifies PostgreSQL's advisory lock while the tables are created

about = Table("exam_about", META, Column("version", Integer, nullable=False))

events = Table(
    "exam_events",
    META,
    Column("id", Integer, primary_key=True),
    Column("exam", String(100), nullable=False),
    Column("student", String(200), nullable=False),  # "" for the whole class
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
    Column("code", ForeignKey("exam_codes.id"), nullable=False, unique=True),  # each code opens one session
    Column("hash", String(64), nullable=False, unique=True),
    Column("at", TIME, nullable=False),
)

# Table → its unique keys besides the id, because INSERT OR REPLACE would delete a row with the same key.
APPEND_ONLY = {
    events: (),
    answers: (("exam", "student", "token"),),
    codes: (("hash",),),
    sessions: (("code",), ("hash",)),
}


class ForeignDatabaseError(Exception):
    """The database belongs to another program or to a newer version of this one."""


def make(writer: Engine) -> None:
    """Create the tables if they are missing.  Raises ForeignDatabaseError."""
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":  # two programs may create them at the same time
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        existing = set(inspect(connection).get_table_names()) & set(META.tables)
        if not existing:
            META.create_all(connection)
            for table, keys in APPEND_ONLY.items():
                guard(connection, table, *keys)
            connection.execute(about.insert().values(version=VERSION))
        elif existing != set(META.tables):
            raise ForeignDatabaseError(
                f"it belongs to another program: it already has tables with our names ({', '.join(sorted(existing))})"
            )
        version = connection.execute(select(func.max(about.c.version))).scalar()
    if version != VERSION:
        raise ForeignDatabaseError(f"its tables have version {version}; this program reads version {VERSION}")
