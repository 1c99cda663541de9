"""The answers of students and the events of an exam: an append-only store in SQLite or PostgreSQL.

Rows are never changed or deleted; the database itself refuses both.  An acknowledged answer is on disk.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.exc import IntegrityError

from autograder.exam import tables
from autograder.exam.database import ExamDatabase
from autograder.exam.sitting import EVENTS, NOTED, Event, StoredResponse
from autograder.gradebook.records import moment, stamp

MOST_ANSWERS = 20_000  # of one student; bounds what a script can store in one night
MOST_NOTES = 500


class TooManyAnswersError(Exception):
    """A student has sent more answers than anyone could type."""


@dataclass(frozen=True)
class Change:
    """A new answer to one item.

    Attributes:
      name: Name of the answer field.
      token: Identifies this change, so that a change that is sent twice is stored once.
      seconds: Time spent on the item so far, as reported by the browser.
    """

    name: str
    response: Any
    flagged: bool
    token: str
    seconds: float | None = None


class Responses:
    """Events and answers of one exam.

    Args:
      engine: The engine of the database.
      exam: The id of the exam; several exams may share a database.

    Raises:
      ForeignDatabaseError: The database belongs to another program or to a newer version.
    """

    def __init__(self, engine: Engine, exam: str) -> None:
        self.exam = exam
        self.database = ExamDatabase(engine, exam)

    # Events

    def add_event(
        self,
        kind: str,
        student: str,
        now: datetime.datetime,
        data: Mapping[str, Any] | None = None,
        by: str = "",
    ) -> Event:
        """Append an event; ``student`` is "" for an event that concerns the whole class."""
        assert kind in EVENTS
        row = {"exam": self.exam, "student": student, "kind": kind, "at": stamp(now), "by": by}
        with self.database.write() as connection:
            insert = tables.events.insert().values(**row, data=_json(data or {})).returning(tables.events.c.id)
            number = int(connection.execute(insert).scalar_one())
        return Event(number, student, kind, now, data or {}, by)

    def note(self, student: str, now: datetime.datetime, data: Mapping[str, Any]) -> None:
        """Append a note about an unexpected request; at most ``MOST_NOTES`` for each student."""
        e = tables.events.c
        with self.database.write() as connection:
            query = select(func.count()).where(e.exam == self.exam, e.student == student, e.kind == NOTED)
            if connection.execute(query).scalar_one() < MOST_NOTES:
                row = {"exam": self.exam, "student": student, "kind": NOTED, "at": stamp(now), "by": ""}
                connection.execute(tables.events.insert().values(**row, data=_json(data)))

    def events(self, student: str | None = None, *, notes: bool | None = None) -> list[Event]:
        """Events, oldest first.

        Args:
          student: Only the events of this student and those of the whole class; ``None`` for all events.
          notes: Whether to include notes; default: only if the events of all students are requested.
        """
        e = tables.events.c
        where: list[ColumnElement[bool]] = [] if student is None else [e.student.in_(("", student))]
        if not (student is None if notes is None else notes):
            where.append(e.kind != NOTED)
        query = select(tables.events).where(e.exam == self.exam, *where).order_by(e.id)
        with self.database.read() as connection:
            return [
                Event(r.id, r.student, r.kind, moment(r.at), json.loads(r.data), r.by)
                for r in connection.execute(query)
            ]

    def note_counts(self) -> dict[str, int]:
        """Student → number of unexpected requests."""
        e = tables.events.c
        query = select(e.student, func.count()).where(e.exam == self.exam, e.kind == NOTED, e.by == "")
        with self.database.read() as connection:
            return {student: int(count) for student, count in connection.execute(query.group_by(e.student))}

    # Answers

    def save(self, student: str, sitting: int, changes: Sequence[Change], now: datetime.datetime) -> dict[str, int]:
        """Append answers, all or none; a change whose token is already stored is not stored again.

        Returns:
          Answer name → number of the stored answer.

        Raises:
          TooManyAnswersError: The student would have more than ``MOST_ANSWERS`` answers.
        """
        try:
            return self._save(student, sitting, changes, now)
        except IntegrityError:  # the same change arrived on two connections at once; now it is stored
            return self._save(student, sitting, changes, now)

    def _save(self, student: str, sitting: int, changes: Sequence[Change], now: datetime.datetime) -> dict[str, int]:
        a = tables.answers.c
        mine = (a.exam == self.exam, a.student == student)
        with self.database.write() as connection:
            tokens = [change.token for change in changes]
            query = select(a.token, a.id).where(*mine, a.token.in_(tokens))
            number_of = {row.token: int(row.id) for row in connection.execute(query)}
            if connection.execute(select(func.count()).where(*mine)).scalar_one() + len(changes) > MOST_ANSWERS:
                raise TooManyAnswersError(
                    f"More than {MOST_ANSWERS} changes were sent from this account; please ask the supervisor."
                )
            saved = {}
            for change in changes:
                if change.token not in number_of:
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
                    number_of[change.token] = int(connection.execute(insert).scalar_one())
                saved[change.name] = number_of[change.token]
        return saved

    def answers(self, student: str | Collection[str] | None = None) -> list[StoredResponse]:
        """All answers, oldest first: of one student, of several, or (``None``) of all."""
        a = tables.answers.c
        query = select(tables.answers).where(a.exam == self.exam).order_by(a.id)
        if student is not None:
            query = query.where(a.student.in_([student] if isinstance(student, str) else list(student)))
        with self.database.read() as connection:
            return [_stored_response(row) for row in connection.execute(query)]

    def latest(self, student: str | None = None) -> list[StoredResponse]:
        """The newest answer to each item in each sitting: enough for pages, however often answers changed."""
        a = tables.answers.c
        where = [a.exam == self.exam] + ([a.student == student] if student is not None else [])
        last = select(func.max(a.id)).where(*where).group_by(a.student, a.sitting, a.name)
        query = select(tables.answers).where(a.id.in_(last)).order_by(a.id)
        with self.database.read() as connection:
            return [_stored_response(row) for row in connection.execute(query)]


def _stored_response(row: Any) -> StoredResponse:
    response = json.loads(row.response)
    return StoredResponse(
        row.id, row.student, row.sitting, row.name, response, bool(row.flagged), row.seconds, moment(row.at)
    )


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"))


def by_student(rows: Iterable[Event] | Iterable[StoredResponse]) -> dict[str, list[Any]]:
    """The rows of each student, in their order."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(row.student, []).append(row)
    return groups
