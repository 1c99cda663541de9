"""Everything that a student may get of a result, in every format, as text by name."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import cast

from helpers.results import TITLE, terminal

from autograder.assignment.load import Assignment
from autograder.exchange.classroom import classroom
from autograder.exchange.github import annotations, summary
from autograder.exchange.gradescope.results import gradescope
from autograder.exchange.junit import junit
from autograder.report import show_result, submission_markdown, submission_page
from autograder.report.markdown import function_sections
from autograder.results import Result


def student_outputs(result: Result) -> dict[str, str]:
    """Render a result in each format for students."""
    page = submission_page(result, assignment_title=TITLE)
    made = {
        "page": re.sub(r"(?s)<style>.*?</style>", "", page),
        "markdown": submission_markdown(result, assignment_title=TITLE),
        "sections": "\n".join(function_sections(result).values()),
        "terminal": terminal(show_result, result, width=120),
        "terminal, verbose": terminal(show_result, result, width=120, verbose=True),
        "terminal, ASCII": terminal(show_result, result, width=60, encoding="ascii", verbose=True),
        "gradescope": gradescope(result, assignment_title=TITLE),
        "classroom": classroom(result),
        "junit": junit([result], name=TITLE),
        "annotations": annotations(result),
        "summary": summary([result], assignment_title=TITLE),
        "summary of several": summary([result, result], assignment_title=TITLE),
    }
    notebook = _notebook(result)
    return made | ({"notebook": notebook} if notebook else {})


def _notebook(result: Result) -> str:
    """Write the cells that nbgrader shows; nothing without nbgrader."""
    try:
        import nbformat

        from autograder.exchange.nbgrader.cells import check_id
        from autograder.exchange.nbgrader.convert import write_judgement
    except ImportError:
        return ""
    checks = {c.name: SimpleNamespace(function=c.function) for c in result.checks}
    assignment = cast(
        Assignment, SimpleNamespace(title=TITLE, checks=checks, points={c.name: 2.0 for c in result.checks})
    )
    notebook = nbformat.v4.new_notebook()
    for n, function in enumerate(dict.fromkeys(c.function for c in result.checks)):
        cell = nbformat.v4.new_code_cell(id=f"cell-{n}")
        cell.metadata["nbgrader"] = {"grade_id": check_id(function)}
        notebook.cells.append(cell)
    write_judgement(notebook, result, assignment)
    notebook.cells[0]["id"] = "report"  # drawn at random
    return nbformat.writes(notebook)
