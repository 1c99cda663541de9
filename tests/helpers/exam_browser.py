"""A served exam and a real browser, for the tests of the student's pages."""

from __future__ import annotations

import datetime
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.exams import one_of_each
from helpers.served import Server

from autograder.exam.form import Form, PlacedItem, Task
from autograder.exam.forms import EXAM, read_folder, write_form
from autograder.exam.open import open_exam
from autograder.exam.server.access import make_codes
from question_bank.item import APPROVED, Item, Number, Option, Pair

playwright = pytest.importorskip("playwright.sync_api", reason='needs the package playwright: pip install -e ".[dev]"')

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MARKS = [
    pytest.mark.slow,
    pytest.mark.xdist_group("exam-browser"),  # one server for all of them, and one browser at a time
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: sudo apt-get install -y chromium"),
]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
SAVED = "All answers saved"
WIDE = 5  # students with wide items

_TOML = """
id = "mid"
title = "Deep learning: mid-term"
minutes = 60
attempts = 2
aids = ["one handwritten sheet"]
[marking]
penalty = 0.25
[[section]]
title = "Basics"
text = "Answer **all** questions. $e^x$"
[[section.item]]
id = "a"
points = 1
[[section]]
title = "More"
[[section.task]]
assignment = "backprop"
points = 10
"""
_LONG = "averyverylongidentifier_" * 6
_SUM = "$$" + " + ".join(rf"\frac{{x_{{{i}}}}}{{\sqrt{{y_{{{i}}}}}}}" for i in range(14)) + "$$"
_CODE = "def f(x):\n    return " + " + ".join(["x"] * 60)


def wide() -> list[Item]:
    """Items with long words, wide formulas, long lines of code, and TeX that reaches for style and links."""
    base: dict[str, Any] = {"topic": "relu", "level": "apply", "difficulty": 0.5, "state": APPROVED}
    reach = r"$\style{color:red}{x} \href{http://127.0.0.1:9/x}{y} \class{bar}{z}$"
    pairs = tuple(Pair(f"left {n} {_LONG}", f"right {n} {'long text ' * 20}") for n in range(3))
    rows: list[dict[str, Any]] = [
        {
            "kind": "single",
            "stem": f"{_LONG}?\n\n{_SUM}\n\n```python\n{_CODE}\n```",
            "options": (Option(_LONG, True), Option(_SUM), Option("<img src=x onerror=alert(1)>")),
        },
        {"kind": "multiple", "stem": reach, "options": (Option("$x^2$", True), Option("`" + _LONG + "`"))},
        {"kind": "matching", "stem": "Match.", "pairs": pairs},
        {"kind": "ordering", "stem": "Order.", "steps": (_SUM, f"`{_LONG}`", "last")},
        {"kind": "cloze", "stem": f"{_LONG} {{1}} `code {{2}}`", "gaps": (("red",), ("blue",))},
        {"kind": "numeric", "stem": reach, "number": Number(5.0, 0.1, "kilometres per fortnight squared", ())},
        {"kind": "code", "stem": "Read.", "code": _CODE, "accepted": ("2",)},
    ]
    return [Item(id=f"w{n}", explanation=f"{reach} {_SUM}", **base, **row) for n, row in enumerate(rows)]


class ServedExam:
    """A served exam: students "s0", "s1" … have an item of every kind, "wide0" … have the wide ones."""

    def __init__(self, folder: Path, students: int) -> None:
        self.folder = folder
        (folder / EXAM).write_text(_TOML, encoding="utf-8")
        for n in range(students):
            write_form(folder, _form(f"s{n}", one_of_each()))
        for n in range(WIDE):
            write_form(folder, _form(f"wide{n}", wide()))
        exam, forms = read_folder(folder)
        self.context = open_exam(folder, exam, forms, "")
        self.store = self.context.responses
        self.server = Server(folder)
        self._free = sorted(self.context.forms, reverse=True)

    @property
    def base(self) -> str:
        return self.server.base

    def student(self, kind: str = "s") -> str:
        """One whom no test has had yet."""
        found = next(one for one in reversed(self._free) if one.startswith(kind))
        self._free.remove(found)
        return found

    def code(self, student: str) -> str:
        """A new code; an earlier one and its session end."""
        return make_codes(self.context, [student])[student]

    def link(self, student: str) -> str:
        return f"{self.base}/in/{self.code(student)}"

    def add(self, kind: str, student: str = "", **data: Any) -> None:
        """Something that happens by the server's clock."""
        self.store.add_event(kind, student, datetime.datetime.now(datetime.UTC), data, by="staff")

    def kept(self, student: str) -> dict[str, Any]:
        """The newest answer of each item."""
        return {one.name: one.response for one in self.store.latest(student)}


def _form(student: str, items: list[Item]) -> Form:
    placed = tuple(
        PlacedItem(f"q{n}", item, 2.0 if n > 4 else 1.0, "Basics" if n < 5 else "More")
        for n, item in enumerate(items, 1)
    )
    return Form("mid", student, placed, (Task("backprop", "Backprop", 10.0, "More"),))


@contextmanager
def serving(folder: Path, students: int = 30) -> Iterator[ServedExam]:
    served = ServedExam(folder, students)
    with served.server:
        yield served


@contextmanager
def chromium() -> Iterator[Any]:
    """The driver and a browser."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield driver, browser
        browser.close()


class Watched:
    """A page with its console messages and requests."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))


def begin(served: ServedExam, page: Any, student: str) -> None:
    """Sign in by the link and begin."""
    page.goto(served.link(student))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Begin").click()
    page.locator("#answers").wait_for()
    page.wait_for_load_state()  # its scripts have run: a lost connection cannot interrupt their loading


def saved(page: Any, text: str = SAVED) -> None:
    """Wait until the bar at the top shows the text."""
    page.locator("#saved", has_text=text).wait_for(timeout=20_000)


def wait_until(page: Any, condition: str, seconds: float = 20.0) -> None:
    """Ask the page again and again; its security policy forbids what ``wait_for_function`` does on a second try."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {condition}"
        page.wait_for_timeout(50)


def look(page: Any) -> None:
    """Let the page ask the server now and not in twenty seconds."""
    page.evaluate("dispatchEvent(new Event('online'))")


def tab_to(page: Any, selector: str, most: int = 120) -> None:
    """Press Tab until what is meant has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")
