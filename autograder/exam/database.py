"""The database of a served exam: its tables, one writer at a time, and times as text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine

from autograder.exam import tables


class ExamDatabase:
    """The database of one exam.

    Args:
      engine: The engine of the database.  Transactions of a writer begin with BEGIN IMMEDIATE in SQLite.
      exam: The id of the exam; several exams may share a database.

    Raises:
      ForeignDatabaseError: The database belongs to another program or to a newer version.
    """

    def __init__(self, engine: Engine, exam: str) -> None:
        self.exam = exam
        self._reader = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        # SQLite allows one writer at a time; others sleep and retry, in no particular order.  A lock is quicker.
        self._lock: AbstractContextManager[Any] = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        tables.make(self._writer)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction, which is committed at the end."""
        with self._lock, self._writer.begin() as connection:
            yield connection
