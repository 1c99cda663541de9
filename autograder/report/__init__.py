"""What instructors and students read: pages, Markdown and terminal, all from the one stored result."""

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
    "class_page",
    "course_page",
    "instructor_page",
    "show_result",
    "show_table",
    "submission_markdown",
    "submission_page",
    "visible",
    "write_reports",
]
