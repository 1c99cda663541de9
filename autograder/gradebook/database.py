"""Open the database of a ledger: read its URL, let transactions wait for each other, create the tables once."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from autograder.gradebook import tables
from autograder.gradebook.records import DEFAULT, LedgerError
from autograder.report.text import visible

BUSY_SECONDS = 60

_LOCK = 0x6175746F  # any number: PostgreSQL's lock while the tables are made


def read_url(url: str) -> URL:
    try:
        read = make_url(url)
    except ArgumentError:
        raise LedgerError(
            f"--db: expected a URL such as {DEFAULT} or postgresql://user@host/course, got {visible(url, limit=100)!r}"
        ) from None
    backend = read.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return read.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise LedgerError(f"--db: expected sqlite or postgresql, got {visible(backend, limit=40)!r}")
    if not read.database or read.database == ":memory:":
        raise LedgerError(
            "--db: expected a file, as in sqlite:///course.db; an in-memory ledger would be lost at the end"
        )
    return read


def open_engine(url: URL, connections: int = 1) -> Engine:
    """Open a database for ``connections`` threads; a file is created on first use.  Raises LedgerError."""
    if url.get_backend_name() == "postgresql":
        try:
            return create_engine(url, pool_size=connections, hide_parameters=True)
        except (ImportError, NoSuchModuleError):
            raise LedgerError("a PostgreSQL ledger needs psycopg: pip install 'psycopg[binary]'") from None
    path = Path(str(url.database))
    if not path.parent.is_dir():
        raise LedgerError(f"--db: the folder {path.parent} for {path.name} does not exist: create it first")
    if path.is_dir():
        raise LedgerError(f"--db: {path} is a folder, expected a file")
    _write_ahead(path)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=max(5, connections),
        hide_parameters=True,  # answers and marks must not appear in logs
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver thinks
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A writer takes the lock at once: a transaction that reads first and writes later can only fail.
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _write_ahead(path: Path) -> None:
    """Let readers and a writer work concurrently, for good.  The switch itself does not wait, so try again."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # marks are private
    except FileExistsError:
        # Do not open the file to find out: closing it would drop SQLite's locks on it in this process.
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)) from None
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                return  # works without it too, only slower
            time.sleep(0.05)
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"--db: {path} is not a ledger: {error}") from None


def make_tables(writer: Engine, shown: str) -> None:
    """Make the tables of a new ledger, add what an older one lacks; refuse another database and a newer ledger."""
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":  # two programs may create the tables at the same time
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        names = inspect(connection).get_table_names()
        if "about" not in names:
            if set(names) & set(tables.META.tables):
                raise LedgerError(f"{shown} is the database of another program: name a different database with --db")
            upgrade(connection)
        columns = {c["name"] for c in inspect(connection).get_columns("about")}
        if columns != {"version"}:
            raise LedgerError(f"{shown} is the database of another program: name a different database with --db")
        version = connection.execute(select(func.max(tables.about.c.version))).scalar() or 0
        if version < tables.VERSION:
            upgrade(connection, since=version)
            version = tables.VERSION
    if version != tables.VERSION:
        raise LedgerError(
            f"{shown} has ledger version {version}, this program reads {tables.VERSION}: "
            "use the version of autograder that created it"
        )


def upgrade(connection: Connection, since: int = 0) -> None:
    """Run the migrations on a ledger, in the transaction of the caller: all of them, or none.

    Args:
      since: the version that it has; 0 for an empty database.
    """
    from alembic.config import Config  # slow to import, and rarely needed
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    folder = str(Path(__file__).parent / "migrations")
    script = ScriptDirectory(folder, version_locations=[folder])

    def steps(revision: Any, context: Any) -> Any:
        # Version 1 was not made by Alembic, which therefore does not know of it.
        return script._upgrade_revs("head", revision or (str(since) if since else revision))

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, version_table="ledger_revision")
        environment.run_migrations()
