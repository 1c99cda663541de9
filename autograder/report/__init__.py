"""What instructors and students read: pages, Markdown and terminal, all from the one stored result.

A report knows results and nothing else of ours; practice items are passed in as data.  Every text in a result may be a
student's, so pages escape it and terminals show it inert.  Everything for students passes ``student_view`` first; only
the pages of instructors show what was computed from hidden inputs.  Beside the names below, other packages use the
modules in ``__all__`` to say the same things in the same words.
"""

from autograder.report.folder import write_reports
from autograder.report.html import class_page, submission_page
from autograder.report.instructor import instructor_page
from autograder.report.markdown import submission_markdown
from autograder.report.overview import Column, course_page
from autograder.report.table import show_table
from autograder.report.terminal import show_result
from autograder.report.text import visible

__all__ = [
    "Column",
    "advice",
    "axes",
    "class_page",
    "console",
    "counterexamples",
    "course_page",
    "folder",
    "instructor_page",
    "markdown",
    "measured",
    "practice",
    "show_result",
    "show_table",
    "status",
    "student_view",
    "submission_markdown",
    "submission_page",
    "text",
    "view_model",
    "visible",
    "write_reports",
]
