"""What a served exam keeps beside its forms: the responses and the server's own secret."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from autograder.gradebook.database import open_engine, read_url
from question_bank.exam.blueprint import Exam
from question_bank.exam.collected import Sat, collect_sittings
from question_bank.exam.fields import ExamError
from question_bank.exam.form import Form
from question_bank.exam.rekey import read_rekeys
from question_bank.exam.responses import Responses
from question_bank.exam.server.hall import Hall
from question_bank.exam.sitting import BEGUN
from question_bank.exam.tables import NotOurs

KEY, DATABASE = "server.key", "responses.db"
KEY_BYTES = 32


def open_hall(
    folder: Path,
    exam: Exam,
    forms: Sequence[Form],
    db: str,
    threads: int = 1,
    *,
    names: Mapping[str, str] | None = None,
    tasks: Callable[[], Mapping[str, Mapping[str, float]]] = dict,
) -> Hall:
    """The exam of a folder with its store.  Raises LedgerError, ExamError."""
    store = open_store(folder, exam, db, threads)
    by_student = {form.student: form for form in forms}
    return Hall(
        exam, by_student, store, _key(folder), rekeys=lambda: read_rekeys(folder), names=names or {}, tasks=tasks
    )


def open_store(folder: Path, exam: Exam, db: str, threads: int = 1) -> Responses:
    """The responses of an exam.  Raises LedgerError, ExamError."""
    url = read_url(db or f"sqlite:///{folder / DATABASE}")
    shown = url.render_as_string(hide_password=True)
    try:
        return Responses(open_engine(url, threads), exam.id)
    except NotOurs as error:
        raise ExamError(f"--db: {shown}: {error}") from None
    except DBAPIError as error:
        first = (str(error.orig).strip().splitlines() or [""])[0]
        raise ExamError(f"--db: {shown} cannot be opened: {first[:300]}") from None


def sittings_of(folder: Path, exam: Exam, forms: Sequence[Form], db: str) -> list[Sat]:
    """Every sitting with the answers that count.  Raises LedgerError, ExamError."""
    if not db and not (folder / DATABASE).exists():
        raise ExamError(f"{folder / DATABASE}: nobody has been served this exam here; name its database with --db")
    store = open_store(folder, exam, db)
    return collect_sittings(exam, forms, store, datetime.datetime.now(datetime.UTC))


def begun(folder: Path, exam: Exam) -> set[str]:
    """Students who have begun the exam that is served from this folder, as far as its own database says."""
    if not (folder / DATABASE).exists():
        return set()
    return {event.student for event in open_store(folder, exam, "").events(notes=False) if event.kind == BEGUN}


def _key(folder: Path) -> bytes:
    """The server's own secret, made on first use; another one ends all sessions and codes."""
    path = folder / KEY
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ExamError(f"{path}: expected {KEY_BYTES} bytes; remove it, and every code and session ends") from None
        return key
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror}") from None
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
