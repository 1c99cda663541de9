"""Forms on disk: a folder with the exam and one JSON file for each student; it contains the keys.

exam.toml        a copy of the blueprint that the forms were made from
forms/*.json     one form each, readable by its owner only (mode 0600)
rekeys.jsonl     later decisions about keys
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.exam.blueprint import Exam, read_exam
from autograder.exam.form import Form
from autograder.exam.toml_fields import ExamError
from autograder.files import PRIVATE, write_bytes
from question_bank.item import digest, problems
from question_bank.store import plain

EXAM, FORMS, REKEYS = "exam.toml", "forms", "rekeys.jsonl"
MAX_BYTES = 20_000_000
DEEPEST = 12


def form_file_name(student: str) -> str:
    """A safe file name for any student id: its letters and digits, and a digest that makes it unique."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', student)[:40].strip('-')}-{digest(student, length=12)}.json"


def form_text(form: Form) -> str:
    """A form as JSON, the same bytes for the same form."""
    return json.dumps(plain(form), ensure_ascii=False, indent=1) + "\n"


def write_form(folder: Path, form: Form) -> Path:
    """Write a form with mode 0600; an interrupted write leaves the old file intact."""
    path = folder / FORMS / form_file_name(form.student)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_bytes(path, form_text(form).encode(), mode=PRIVATE, durable=True)
    return path


def read_form(path: Path) -> Form:
    """Read a form.  Raises ExamError with file and field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, expected a form")
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ExamError(f"{path}: not JSON: {error}") from None
    try:
        form = build(Form, data, "form")
    except ValueError as error:
        raise ExamError(f"{path}: {error}") from None
    assert isinstance(form, Form)
    for placed in form.placed:
        if faults := problems(placed.item):
            raise ExamError(f"{path}: {placed.name}: {faults[0]}")
    names = [placed.name for placed in form.placed]
    if len(set(names)) < len(names):
        raise ExamError(f"{path}: two items have the same name")
    return form


def read_forms(folder: Path) -> Iterator[Form]:
    """Yield every form of a folder, in the order of file names.  Raises ExamError."""
    paths = sorted((folder / FORMS).glob("*.json"))
    if not paths:
        raise ExamError(f"{folder}: the folder holds no forms; make them with: autograder exam build")
    for path in paths:
        form = read_form(path)
        if path.name != form_file_name(form.student):
            raise ExamError(
                f"{path}: the file name does not fit the student of the form, {form.student!r}; was it renamed?"
            )
        yield form


def read_folder(folder: Path) -> tuple[Exam, list[Form]]:
    """The exam of a folder and all of its forms.  Raises ExamError."""
    if not (folder / EXAM).is_file():
        raise ExamError(f"{folder}: expected a folder that autograder exam build wrote, with {EXAM} in it")
    exam, forms = read_exam(folder / EXAM), list(read_forms(folder))
    for form in forms:
        if form.exam != exam.id:
            path = folder / FORMS / form_file_name(form.student)
            raise ExamError(f"{path}: the form belongs to the exam {form.exam!r}, not {exam.id!r}")
    return exam, forms


def build(kind: Any, data: Any, where: str, depth: int = 0) -> Any:
    """Convert plain data to ``kind`` (dataclasses, tuples, texts, numbers).  Raises ValueError that names the field."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if depth > DEEPEST:
        raise ValueError(f"{where}: nested too deeply")
    if origin in (types.UnionType, typing.Union):
        return None if data is None else build(next(a for a in args if a is not type(None)), data, where, depth)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if not isinstance(data, dict):
            raise ValueError(f"{where}: expected fields, got {type(data).__name__}")
        hints, known = typing.get_type_hints(kind), {f.name: f for f in dataclasses.fields(kind)}
        if unknown := sorted(set(data) - set(known)):
            raise ValueError(f"{where}: unknown field {unknown[0]!r}")
        for name, field in known.items():
            if name not in data and field.default is dataclasses.MISSING:
                raise ValueError(f"{where}: field {name!r} is missing")
        return kind(**{name: build(hints[name], v, f"{where}.{name}", depth + 1) for name, v in data.items()})
    if origin is tuple:
        if not isinstance(data, list):
            raise ValueError(f"{where}: expected a list, got {type(data).__name__}")
        return tuple(build(args[0], v, f"{where}[{n}]", depth + 1) for n, v in enumerate(data))
    if kind is float and type(data) in (int, float):
        return float(data)
    if type(data) is not kind:
        raise ValueError(f"{where}: expected {kind.__name__}, got {type(data).__name__}")
    return data
