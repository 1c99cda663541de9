"""What students answer and what happens in an exam: an append-only store in SQLite or PostgreSQL.

Nothing is ever changed or deleted, and the database itself refuses to.  An answer that was acknowledged is on disk.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from question_bank.exam import tables
from question_bank.exam.sitting import EVENTS, Event, Saved

MOST_ANSWERS = 20_000  # of one student: what a script could send in a night is not kept for ever
MOST_NOTES = 500
STUDENT, INSTRUCTOR = ROLES = ("student", "instructor")


class TooMany(Exception):
    """A student has sent more than anybody could type; the message says so."""


@dataclass(frozen=True)
class Change:
    """One new answer.

    Attributes:
      token: Names this change, so that one that is sent twice is kept once.
    """

    name: str
    response: Any
    flagged: bool
    token: str
    seconds: float | None = None


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    role: str
    student: str


class Responses:
    """Events, answers, codes and sessions of one exam.

    Args:
      engine: of the database; transactions of a writer begin with ``writer``'s options (SQLite: BEGIN IMMEDIATE).
      exam: its id; several exams may share a database.

    Raises:
      tables.NotOurs: the database belongs to another program, or to a newer version.
    """

    def __init__(self, engine: Engine, exam: str) -> None:
        self.exam = exam
        self._reader = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        # SQLite lets one writer in at a time, and who waits at its door only sleeps and looks again, in no order.
        self._turn: AbstractContextManager[Any] = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        tables.make(self._writer)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._turn, self._writer.begin() as connection:
            yield connection

    # Events

    def add_event(
        self,
        kind: str,
        student: str,
        now: datetime.datetime,
        data: Mapping[str, Any] | None = None,
        by: str = "",
    ) -> Event:
        """Append an event; ``student`` is "" where it concerns everybody."""
        assert kind in EVENTS
        row = {"exam": self.exam, "student": student, "kind": kind, "at": stamp(now), "by": by}
        with self._write() as connection:
            insert = tables.events.insert().values(**row, data=_json(data or {})).returning(tables.events.c.id)
            number = int(connection.execute(insert).scalar_one())
        return Event(number, student, kind, now, data or {}, by)

    def note(self, student: str, now: datetime.datetime, data: Mapping[str, Any]) -> None:
        """Append a remark about something odd that was sent; after many of one student, no more."""
        e = tables.events.c
        with self._write() as connection:
            query = select(func.count()).where(e.exam == self.exam, e.student == student, e.kind == "noted")
            if connection.execute(query).scalar_one() < MOST_NOTES:
                row = {"exam": self.exam, "student": student, "kind": "noted", "at": stamp(now), "by": ""}
                connection.execute(tables.events.insert().values(**row, data=_json(data)))

    def events(self, student: str | None = None, *, notes: bool | None = None) -> list[Event]:
        """Events, oldest first; with ``student``, theirs and those of everybody.

        Args:
          notes: With remarks; left out: only where the events of all are asked for.
        """
        e = tables.events.c
        where: list[ColumnElement[bool]] = [] if student is None else [e.student.in_(("", student))]
        if not (student is None if notes is None else notes):
            where.append(e.kind != "noted")
        query = select(tables.events).where(e.exam == self.exam, *where).order_by(e.id)
        with self._reader.connect() as connection:
            return [
                Event(r.id, r.student, r.kind, moment(r.at), json.loads(r.data), r.by)
                for r in connection.execute(query)
            ]

    def noted(self) -> dict[str, int]:
        """How many odd things each student sent."""
        e = tables.events.c
        query = select(e.student, func.count()).where(e.exam == self.exam, e.kind == "noted", e.by == "")
        with self._reader.connect() as connection:
            return {student: int(count) for student, count in connection.execute(query.group_by(e.student))}

    # Answers

    def save(self, student: str, sitting: int, changes: Sequence[Change], now: datetime.datetime) -> dict[str, int]:
        """Append answers, all or none; what was kept before under the same token is not kept again.

        Returns:
          answer name → number of the answer that stands now.
        """
        try:
            return self._save(student, sitting, changes, now)
        except IntegrityError:  # the same change came on two lines at once: by now it is known
            return self._save(student, sitting, changes, now)

    def _save(self, student: str, sitting: int, changes: Sequence[Change], now: datetime.datetime) -> dict[str, int]:
        a = tables.answers.c
        mine = (a.exam == self.exam, a.student == student)
        with self._write() as connection:
            tokens = [change.token for change in changes]
            query = select(a.token, a.id).where(*mine, a.token.in_(tokens))
            known = {row.token: int(row.id) for row in connection.execute(query)}
            if connection.execute(select(func.count()).where(*mine)).scalar_one() + len(changes) > MOST_ANSWERS:
                raise TooMany("more changes than anybody could type: ask the supervisor")
            kept = {}
            for change in changes:
                if change.token not in known:
                    row = {
                        "exam": self.exam,
                        "student": student,
                        "sitting": sitting,
                        "name": change.name,
                        "response": _json(change.response),
                        "flagged": int(change.flagged),
                        "seconds": change.seconds,
                        "at": stamp(now),
                        "token": change.token,
                    }
                    insert = tables.answers.insert().values(**row).returning(a.id)
                    known[change.token] = int(connection.execute(insert).scalar_one())
                kept[change.name] = known[change.token]
        return kept

    def answers(self, student: str | Collection[str] | None = None) -> list[Saved]:
        """Answers as they came, oldest first: of one student, of several, or of all."""
        a = tables.answers.c
        query = select(tables.answers).where(a.exam == self.exam).order_by(a.id)
        if student is not None:
            query = query.where(a.student.in_([student] if isinstance(student, str) else list(student)))
        with self._reader.connect() as connection:
            return [_saved(row) for row in connection.execute(query)]

    def latest(self, student: str | None = None) -> list[Saved]:
        """The newest answer of each item and sitting: what pages need, however often it was changed."""
        a = tables.answers.c
        where = [a.exam == self.exam] + ([a.student == student] if student is not None else [])
        last = select(func.max(a.id)).where(*where).group_by(a.student, a.sitting, a.name)
        with self._reader.connect() as connection:
            return [_saved(r) for r in connection.execute(select(tables.answers).where(a.id.in_(last)).order_by(a.id))]

    def seen(self) -> dict[str, datetime.datetime]:
        """When each student last sent an answer."""
        a = tables.answers.c
        query = select(a.student, func.max(a.at)).where(a.exam == self.exam).group_by(a.student)
        with self._reader.connect() as connection:
            return {student: moment(at) for student, at in connection.execute(query)}

    # Codes and sessions: only hashes are kept

    def add_codes(self, people: Mapping[str, Person], now: datetime.datetime) -> None:
        """Keep new codes, hash → person; earlier codes and sessions of these people end."""
        rows = [
            {"exam": self.exam, "role": who.role, "student": who.student, "hash": code, "at": stamp(now)}
            for code, who in people.items()
        ]
        with self._write() as connection:
            connection.execute(tables.codes.insert(), rows)

    def open_session(self, code: str, session: str, now: datetime.datetime) -> Person | None:
        """Use a code up; None where there is no such code, another session used it, or a newer one replaced it."""
        try:
            return self._open_session(code, session, now)
        except IntegrityError:  # two used it at once: the other was first
            return None

    def _open_session(self, code: str, session: str, now: datetime.datetime) -> Person | None:
        with self._write() as connection:
            row = self._newest_code(connection, tables.codes.c.hash == code)
            if row is None:
                return None
            s = tables.sessions
            used = connection.execute(select(s.c.hash).where(s.c.code == row.id)).scalar()
            if used is None:
                connection.execute(s.insert().values(code=row.id, hash=session, at=stamp(now)))
            elif used != session:
                return None
            return Person(row.role, row.student)

    def person(self, session: str) -> Person | None:
        """Who a session belongs to; None when it is unknown or a newer code ended it."""
        with self._reader.connect() as connection:
            joined = tables.sessions.c.code == tables.codes.c.id
            code = select(tables.codes.c.hash).where(joined, tables.sessions.c.hash == session).scalar_subquery()
            row = self._newest_code(connection, tables.codes.c.hash == code)
        return None if row is None else Person(row.role, row.student)

    def signed_in(self) -> dict[str, datetime.datetime]:
        """When each student last signed in."""
        c, s = tables.codes.c, tables.sessions.c
        query = select(c.student, func.max(s.at)).where(c.exam == self.exam, c.role == STUDENT, s.code == c.id)
        with self._reader.connect() as connection:
            return {student: moment(at) for student, at in connection.execute(query.group_by(c.student))}

    def coded(self) -> set[str]:
        """Students who have a code."""
        c = tables.codes.c
        with self._reader.connect() as connection:
            return set(connection.execute(select(c.student).where(c.exam == self.exam, c.role == STUDENT)).scalars())

    def _newest_code(self, connection: Connection, *where: Any) -> Any:
        newer = tables.codes.alias()
        c, n = tables.codes.c, newer.c
        replaced = select(n.id).where(n.exam == c.exam, n.role == c.role, n.student == c.student, n.id > c.id).exists()
        query = select(tables.codes).where(c.exam == self.exam, *where, ~replaced)
        return connection.execute(query).first()


def stamp(at: datetime.datetime) -> str:
    """A moment as text in UTC, of one width, so that texts sort as moments do."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)  # strptime() takes ten times as long


def _saved(row: Any) -> Saved:
    response = json.loads(row.response)
    return Saved(row.id, row.student, row.sitting, row.name, response, bool(row.flagged), row.seconds, moment(row.at))


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"))


def by_student(rows: Iterable[Event] | Iterable[Saved]) -> dict[str, list[Any]]:
    """Rows of each student, in their order."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.student, []).append(row)
    return found
