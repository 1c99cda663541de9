"""Sign-in codes and sessions of a served exam: append-only, and stored as hashes only."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from autograder.exam import tables
from autograder.exam.database import ExamDatabase
from autograder.gradebook.records import moment, stamp

STUDENT, INSTRUCTOR = ROLES = ("student", "instructor")


@dataclass(frozen=True)
class Person:
    """A person who is signed in; for an instructor, ``student`` is the name that the log shows."""

    role: str
    student: str


class SignIns:
    """Codes and sessions of one exam.  The newest code of a person is the only valid one, and it opens one session."""

    def __init__(self, database: ExamDatabase) -> None:
        self._database = database
        self._exam = database.exam

    def add_codes(self, people: Mapping[str, Person], now: datetime.datetime) -> None:
        """Store new codes, hash → person; earlier codes and sessions of these people end."""
        rows = [
            {"exam": self._exam, "role": person.role, "student": person.student, "hash": code, "at": stamp(now)}
            for code, person in people.items()
        ]
        with self._database.write() as connection:
            connection.execute(tables.codes.insert(), rows)

    def open_session(self, code: str, session: str, now: datetime.datetime) -> Person | None:
        """Open a session with a code; repeating the same call is harmless.

        Args:
          code: The hash of the code.
          session: The hash of the session's token.

        Returns:
          ``None`` if the code is unknown, was used for another session, or was replaced by a newer code.
        """
        try:
            return self._open_session(code, session, now)
        except IntegrityError:  # two requests used the code at the same time, and the other one was first
            return None

    def _open_session(self, code: str, session: str, now: datetime.datetime) -> Person | None:
        with self._database.write() as connection:
            row = self._valid_code(connection, tables.codes.c.hash == code)
            if row is None:
                return None
            sessions = tables.sessions
            used_by = connection.execute(select(sessions.c.hash).where(sessions.c.code == row.id)).scalar()
            if used_by is None:
                connection.execute(sessions.insert().values(code=row.id, hash=session, at=stamp(now)))
            elif used_by != session:
                return None
            return Person(row.role, row.student)

    def person(self, session: str) -> Person | None:
        """The person of a session; ``None`` if the session is unknown or was ended by a newer code."""
        with self._database.read() as connection:
            joined = tables.sessions.c.code == tables.codes.c.id
            code = select(tables.codes.c.hash).where(joined, tables.sessions.c.hash == session).scalar_subquery()
            row = self._valid_code(connection, tables.codes.c.hash == code)
        return None if row is None else Person(row.role, row.student)

    def last_sign_in(self) -> dict[str, datetime.datetime]:
        """Student → time of the last sign-in."""
        c, s = tables.codes.c, tables.sessions.c
        query = select(c.student, func.max(s.at)).where(c.exam == self._exam, c.role == STUDENT, s.code == c.id)
        with self._database.read() as connection:
            return {student: moment(at) for student, at in connection.execute(query.group_by(c.student))}

    def students_with_code(self) -> set[str]:
        """The students who have a code."""
        c = tables.codes.c
        query = select(c.student).where(c.exam == self._exam, c.role == STUDENT)
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def _valid_code(self, connection: Connection, *where: Any) -> Any:
        """The row of a code that no newer code of the same person replaces."""
        newer = tables.codes.alias()
        c, n = tables.codes.c, newer.c
        replaced = select(n.id).where(n.exam == c.exam, n.role == c.role, n.student == c.student, n.id > c.id).exists()
        query = select(tables.codes).where(c.exam == self._exam, *where, ~replaced)
        return connection.execute(query).first()
