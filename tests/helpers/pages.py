"""Every kind of page, from results that hold something of everything."""

from __future__ import annotations

import datetime
from dataclasses import replace

from helpers.classes import ONE, RENAMED, Decided, Handed, share, with_map
from helpers.results import TITLE, check, graded, left_out, with_hidden

from autograder.report import Column, course_page, instructor_page, submission_markdown, submission_page
from autograder.report.html import class_page
from autograder.report.practice import PracticeItem, PracticeTopic
from autograder.results import FAILED, ErrorMap

MAP = ErrorMap("loss[:, :]", (3, 4), ("0000", "0120", "034!"))


def pages() -> dict[str, str]:
    """Every kind of page, from results that hold something of everything."""
    ada, ben = with_hidden(with_map(MAP)), left_out()
    before = graded("ada.py", check("relu_values", FAILED), check("xent_values", function="softmax_xent"))
    start = datetime.datetime(2026, 9, 20, 8, tzinfo=datetime.UTC)
    attempts = [Handed("ada", start + datetime.timedelta(hours=9 * i), i) for i in range(5)]
    sources = {"submission.py": "def f(z):\n    if z > 0:\n        return z\n"}
    item = PracticeItem("Sum or mean?", "x", ("`mean`",), ("mean",), "The mean.")
    practice = (PracticeTopic("cross-entropy", (item,)),)
    links = {"student_page": "../students/ada-py.html", "class_page": "../index.html"}
    columns = [
        Column(TITLE, {"Ada": ada, "Ben": ben}, "one/index.html", {"Ada": "one/instructor/ada-py.instructor.html"}),
        Column("Second", {"Ada": share("ada.py", 30)}, "two/index.html"),
    ]
    return {
        "student.html": submission_page(
            ada, assignment_title=TITLE, sources=sources, previous=before, practice=practice
        ),
        "student.md": submission_markdown(ada, assignment_title=TITLE, previous=before, practice=practice),
        "instructor.html": instructor_page(ada, assignment_title=TITLE, override=Decided(), previous=before, **links),
        "class.html": class_page(
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
