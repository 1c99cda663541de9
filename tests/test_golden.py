"""Rendered pages stay as they are until somebody means to change them.

Renew them with ``UPDATE_GOLDEN=1 python -m pytest tests/test_golden.py`` and read the difference in version control.
"""

from __future__ import annotations

import datetime
import os
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_report import TITLE, check, graded, left_out
from test_report_class import ONE, RENAMED, Decided, Handed, share, with_map

from autograder.report import Column, course_page, instructor_page, submission_markdown, submission_page
from autograder.report.html import class_page_at
from autograder.results import FAILED, ErrorMap

GOLDEN = Path(__file__).parent / "golden"
MAP = ErrorMap("loss[:, :]", (3, 4), ("0000", "0120", "034!"))


def pages() -> dict[str, str]:
    """Every kind of page, from results that hold something of everything."""
    ada, ben = with_map(MAP), left_out()
    before = graded("ada.py", check("relu_values", FAILED), check("xent_values", function="softmax_xent"))
    start = datetime.datetime(2026, 9, 20, 8, tzinfo=datetime.UTC)
    attempts = [Handed("ada", start + datetime.timedelta(hours=9 * i), i) for i in range(5)]
    sources = {"submission.py": "def f(z):\n    if z > 0:\n        return z\n"}
    links = {"student_page": "../students/ada-py.html", "class_page": "../index.html"}
    columns = [
        Column(TITLE, {"Ada": ada, "Ben": ben}, "one/index.html", {"Ada": "one/instructor/ada-py.instructor.html"}),
        Column("Second", {"Ada": share("ada.py", 30)}, "two/index.html"),
    ]
    return {
        "student.html": submission_page(ada, assignment_title=TITLE, sources=sources, previous=before),
        "student.md": submission_markdown(ada, assignment_title=TITLE, previous=before),
        "instructor.html": instructor_page(ada, assignment_title=TITLE, override=Decided(), previous=before, **links),
        "class.html": class_page_at(
            [ada, ben, replace(ada, submission="cy.py")],
            assignment_title=TITLE,
            hrefs=["instructor/ada-py.instructor.html", "", ""],
            previous=[before, None, None],
            sources=[{"s": ONE}, {}, {"s": RENAMED}],
            attempts=attempts,
            course="../index.html",
        ),
        "course.html": course_page(columns, title="Deep learning", students=["Ada", "Ben", "Cleo"]),
    }


@pytest.mark.parametrize("name", ["student.html", "student.md", "instructor.html", "class.html", "course.html"])
def test_pages_are_as_they_were(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The bank grows by itself; what practice looks like is fixed here.
    option = SimpleNamespace(text="`mean`")
    item = SimpleNamespace(
        stem="Sum or mean?", code="x", options=(option,), keys=("mean",), accepted=(), explanation="The mean."
    )
    for where in ("html", "markdown"):
        topic = SimpleNamespace(topic="cross-entropy", items=(item,))
        monkeypatch.setattr(f"autograder.report.{where}.practice", lambda *_, topic=topic: (topic,))
    # The style sheet is looked at in a browser.
    text = re.sub(r"(?s)<style>.*?</style>", "<style></style>", pages()[name])
    assert str(Path.cwd()) not in text and str(Path.home()) not in text
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "there is no golden page yet: UPDATE_GOLDEN=1 python -m pytest tests/test_golden.py"
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()
