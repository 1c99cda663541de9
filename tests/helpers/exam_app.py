"""A served exam in the process of the test: every kind of item, a clock that the test moves, signed-in clients."""

from __future__ import annotations

import dataclasses
import datetime
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from helpers.exams import one_of_each
from itsdangerous import URLSafeTimedSerializer

from autograder.exam.blueprint import Exam
from autograder.exam.cells import Section
from autograder.exam.form import Form, PlacedItem, ShownItem, Task
from autograder.exam.forms import EXAM, write_form
from autograder.exam.responses import Responses
from autograder.exam.server.access import make_codes
from autograder.exam.server.app import make_app
from autograder.exam.server.context import ExamContext
from autograder.exam.sign_in import INSTRUCTOR, STUDENT, SignIns
from autograder.gradebook.database import open_engine, read_url

NINE = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)
KEY = bytes(range(32))
STUDENTS = ("ada", "bob", "<script>alert(1)</script>")


def an_exam(**changes: Any) -> Exam:
    sections = (Section("Basics", "Answer *all*."), Section("More"))
    base = {"opens": NINE, "closes": NINE + datetime.timedelta(hours=3), "grace": 60.0, "aids": ("a calculator",)}
    return Exam("mid", "Mid-term", 60, sections, **{**base, **changes})


def a_form(student: str) -> Form:
    placed = tuple(
        PlacedItem(f"q{n}", item, float(n), "Basics" if n < 5 else "More") for n, item in enumerate(one_of_each(), 1)
    )
    return Form("mid", student, placed, (Task("backprop", "Backprop", 10.0, "More"),))


BLUEPRINT = """
id = "mid"
title = "Mid-term"
minutes = 60
{top}
[[section]]
title = "Basics"
[[section.item]]
id = "a"
points = 1
[[section]]
title = "More"
[[section.item]]
id = "h"
points = 1
"""


def write_exam(folder: Path, students: Iterable[str], top: str = "") -> Path:
    """A folder as exam build writes it; without programming tasks."""
    folder.mkdir()
    (folder / EXAM).write_text(BLUEPRINT.format(top=top))
    for student in students:
        write_form(folder, dataclasses.replace(a_form(student), tasks=()))
    return folder


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    time: datetime.datetime = NINE

    def __call__(self) -> datetime.datetime:
        return self.time

    def to(self, minutes: float) -> None:
        self.time = NINE + datetime.timedelta(minutes=minutes)


@dataclass
class Page(HTMLParser):
    """What a test wants to know of a page: its fields and their values, and its words."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._select = self._typed = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "input" and name and (has.get("type") not in ("radio", "checkbox") or "checked" in has):
            self.fields.append((name, value))
        elif tag == "select":
            self._select = name
            self.fields.append((name, ""))  # the first entry, unless another is selected
        elif tag == "textarea":
            self._typed = name
            self.fields.append((name, ""))
        elif tag == "option" and "selected" in has:
            self.fields[-1] = (self._select, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._typed = ""

    def handle_data(self, data: str) -> None:
        if self._typed:
            self.fields[-1] = (self._typed, self.fields[-1][1] + data.removeprefix("\n"))
        else:
            self.words += data

    def value(self, name: str) -> str:
        return next(value for n, value in self.fields if n == name)


def read_page(response: Any) -> Page:
    page = Page()
    page.feed(response.get_data(as_text=True))
    return page


class ServedExam:
    """A served exam."""

    def __init__(self, url: str, exam: Exam | None = None, forms: list[Form] | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.exam = exam or an_exam()
        self.forms = {f.student: f for f in forms or [a_form(student) for student in STUDENTS]}
        self.engine = open_engine(read_url(url), 8)
        self.store = Responses(self.engine, self.exam.id)
        self.rekeys: list[Any] = []
        self.context = ExamContext(
            self.exam,
            self.forms,
            self.store,
            SignIns(self.store.database),
            KEY,
            self.clock,
            rekeys=lambda: self.rekeys,
            names={"ada": "Ada L."},
        )
        self.app: Flask = make_app(self.context, **options)

    def browser(self, student: str, role: str = STUDENT) -> Browser:
        """A browser that is signed in."""
        browser = Browser(self)
        assert browser.sign_in(make_codes(self.context, [student], role)[student]).status_code == 303
        return browser

    def instructor(self, name: str = "staff") -> Browser:
        return self.browser(name, INSTRUCTOR)

    def shown(self, student: str) -> dict[str, ShownItem]:
        return dict(self.context.shown(student))

    def close(self) -> None:
        self.engine.dispose()


class Browser:
    """A client with the token of its pages."""

    def __init__(self, served: ServedExam) -> None:
        self.served = served
        self.client: FlaskClient = served.app.test_client()

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def token(self) -> str:
        """The token that a page would hold now."""
        with self.client.session_transaction() as session:
            session.setdefault("browser", "a browser of the tests")
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        return str(URLSafeTimedSerializer(self.served.app.secret_key or "", salt="wtf-csrf-token").dumps(raw))

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        """Send a form with its token."""
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **more)

    def sign_in(self, code: str) -> Any:
        return self.post("/in", {"code": code})

    def begin(self) -> Browser:
        assert self.post("/begin").status_code == 303
        return self

    def save(self, *changes: dict[str, Any], sitting: int = 1) -> Any:
        """Autosave, as the script of the page does."""
        body = json.dumps({"sitting": sitting, "changes": changes})
        headers = {"X-CSRFToken": self.token(), "Content-Type": "application/json"}
        return self.client.post("/save", data=body, headers=headers)

    def page_fields(self) -> dict[str, list[str]]:
        """Every field of the exam's page as a form would send it."""
        found: dict[str, list[str]] = {}
        for name, value in read_page(self.client.get("/")).fields:
            found.setdefault(name, []).append(value)
        return found


_tokens = iter(range(10**9))


def change(name: str, *fields: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"name": name, "token": f"token-{next(_tokens):08}", "fields": [list(f) for f in fields], **more}


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/exam.db"
