"""Open the files of a served exam: its database, and the secret key of the server."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form
from autograder.exam.rekey import read_rekeys
from autograder.exam.responses import Responses
from autograder.exam.server.context import ExamContext
from autograder.exam.sign_in import SignIns
from autograder.exam.sitting import BEGUN
from autograder.exam.sittings import CollectedSitting, collect_sittings
from autograder.exam.tables import ForeignDatabaseError
from autograder.exam.toml_fields import ExamError
from autograder.gradebook.database import open_engine, read_url

KEY, DATABASE = "server.key", "responses.db"
KEY_BYTES = 32


def open_exam(
    folder: Path,
    exam: Exam,
    forms: Sequence[Form],
    db: str,
    threads: int = 1,
    *,
    names: Mapping[str, str] | None = None,
    tasks: Callable[[], Mapping[str, Mapping[str, float]]] = dict,
) -> ExamContext:
    """Open a served exam.

    Args:
      folder: Folder that exam build wrote.
      db: URL of the database; "" for SQLite in the folder.
      threads: Number of requests that are answered at the same time.
      names: Student → name.
      tasks: Returns student → assignment → share of its points.

    Raises:
      LedgerError: The URL is not that of a supported database.
      ExamError: The database or the key cannot be used.
    """
    responses = open_responses(folder, exam, db, threads)
    by_student = {form.student: form for form in forms}
    return ExamContext(
        exam,
        by_student,
        responses,
        SignIns(responses.database),
        _read_key(folder),
        rekeys=lambda: read_rekeys(folder),
        names=names or {},
        tasks=tasks,
    )


def open_responses(folder: Path, exam: Exam, db: str, threads: int = 1) -> Responses:
    """Open the responses of an exam.  Raises LedgerError, ExamError."""
    url = read_url(db or f"sqlite:///{folder / DATABASE}")
    shown = url.render_as_string(hide_password=True)
    try:
        return Responses(open_engine(url, threads), exam.id)
    except ForeignDatabaseError as error:
        raise ExamError(f"--db: {shown}: {error}") from None
    except DBAPIError as error:
        first = (str(error.orig).strip().splitlines() or [""])[0]
        raise ExamError(f"--db: {shown} cannot be opened: {first[:300]}") from None


def read_sittings(folder: Path, exam: Exam, forms: Sequence[Form], db: str) -> list[CollectedSitting]:
    """Read every sitting with the answers that count.  Raises LedgerError, ExamError."""
    if not db and not (folder / DATABASE).exists():
        raise ExamError(
            f"{folder / DATABASE}: file not found; the exam was not served from this folder. "
            "If its database is elsewhere, name it with --db"
        )
    responses = open_responses(folder, exam, db)
    return collect_sittings(exam, forms, responses, datetime.datetime.now(datetime.UTC))


def students_begun(folder: Path, exam: Exam) -> set[str]:
    """The students who have begun the exam, according to the database in this folder."""
    if not (folder / DATABASE).exists():
        return set()
    return {event.student for event in open_responses(folder, exam, "").events(notes=False) if event.kind == BEGUN}


def _read_key(folder: Path) -> bytes:
    """The secret key of the server, made on first use; a different key invalidates all sessions and codes."""
    path = folder / KEY
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ExamError(
                f"{path}: expected {KEY_BYTES} bytes, got {len(key)}. "
                "Remove the file to make a new key; all codes and sessions then end"
            ) from None
        return key
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror}") from None
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
