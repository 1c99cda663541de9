"""Replacements for parts of ``nbgrader autograde``: the reader of submissions and two of its steps.

Assignments that are not ours go through nbgrader's own code, unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute, SaveAutoGrades

from autograder.assignment.load import Assignment, AssignmentError
from autograder.exchange.nbgrader.cells import check_id, possible
from autograder.exchange.nbgrader.gradebook import known_cells
from autograder.exchange.nbgrader.judging import judge
from autograder.exchange.nbgrader.marks import cell_marks
from autograder.exchange.nbgrader.rebuild import read_handed, rebuild
from autograder.exchange.nbgrader.settings import AutograderCourse
from autograder.exchange.practice import practice_for
from autograder.report.markdown import function_sections, submission_markdown
from autograder.report.student_view import student_view
from autograder.results import Result, next_step

Converted = tuple[NotebookNode, dict[str, Any]]


class SubmissionExporter(NotebookExporter):
    """Reads a submission as a stranger's bytes; what nbgrader gets is rebuilt from its own gradebook."""

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **options: Any) -> Any:
        """Convert one notebook file."""
        about = (resources or {}).get("nbgrader", {})
        if about.get("assignment") not in AutograderCourse(parent=self).assignments:
            return super().from_filename(filename, resources=resources, **options)
        known = known_cells(about["db_url"], about["notebook"], about["assignment"])
        handed = read_handed(Path(filename))
        if handed.problem:
            self.log.warning("%s: %s", filename, handed.problem)
        notebook = rebuild(handed, known)
        return self.from_notebook_node(notebook, resources=resources, **options)  # type: ignore[no-untyped-call]


class Judge(Execute):  # type: ignore[misc]
    """In place of ``Execute``: writes our points and feedback into the notebook; runs nothing of it in a kernel."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any], **options: Any) -> Converted:
        """Judge one notebook of ours, or let nbgrader execute another's."""
        about = resources["nbgrader"]
        course = AutograderCourse(parent=self)
        name = about["assignment"]
        if name not in course.assignments:
            converted: Converted = super().preprocess(nb, resources, **options)
            return converted
        assignment = course.load(name)
        if _same_points(nb, assignment):
            folders = self.parent.parent.coursedir
            path = folders.format_path(folders.submitted_directory, about["student"], name)
            results = Path(folders.root) / "graded" / name / "results"
            notebook = Path(os.path.abspath(path)) / f"{about['notebook']}.ipynb"
            result = judge(notebook, about["student"], assignment, course.seed(), course.device, results)
            if not next_step(result).final:
                self.log.warning(
                    "%s of %s is not completely judged: grade it by hand or run autograde again", name, about["student"]
                )
            write_judgement(nb, result, assignment)
        return nb, resources


class SaveJudged(SaveAutoGrades):  # type: ignore[misc]
    """In place of ``SaveAutoGrades``, which gives full marks to a cell without output: such a cell stays open."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Converted:
        """Save the points of one notebook."""
        self.ours = resources["nbgrader"]["assignment"] in AutograderCourse(parent=self).assignments
        converted: Converted = super().preprocess(nb, resources)
        return converted

    def preprocess_cell(self, cell: NotebookNode, resources: dict[str, Any], cell_index: int) -> Converted:
        """Save the points of one cell."""
        tests = cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)
        if self.ours and tests and not any(o.output_type == "execute_result" for o in cell.outputs):
            name = cell.metadata["nbgrader"]["grade_id"]
            grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()
            return cell, resources
        converted: Converted = super().preprocess_cell(cell, resources, cell_index)
        return converted


def write_judgement(nb: NotebookNode, result: Result, assignment: Assignment) -> None:
    """Write points and feedback into the cells that carry points, and the overall report at the top.

    nbgrader reads the points from the one ``execute_result`` of a cell: a plain number.  Feedback is a
    ``display_data`` before it, which nbgrader shows and does not count.
    """
    result = student_view(result)
    marks, sections = cell_marks(result, assignment), function_sections(result, marks=False)
    functions = {check_id(f): f for f in marks}
    for cell in nb.cells:
        function = functions.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if function is None or cell.cell_type != "code":
            continue
        text, mark = sections.get(function, ""), marks[function]
        cell.outputs = [new_output("display_data", {"text/markdown": _no_mathematics(text)})] if text else []
        if mark is not None:
            cell.outputs.append(new_output("execute_result", {"text/plain": repr(float(mark))}, execution_count=None))
    whole = submission_markdown(result, assignment_title=assignment.title, practice=practice_for(result), whole=False)
    nb.cells.insert(0, new_markdown_cell(_no_mathematics(whole)))


def _no_mathematics(markdown: str) -> str:
    """Keep MathJax off: an exception's text between dollar signs would become whatever its commands make."""
    return f'<div class="tex2jax_ignore mathjax_ignore">\n\n{markdown}\n\n</div>'


def _same_points(nb: NotebookNode, assignment: Assignment) -> bool:
    """Return whether the notebook carries our points.  Raises AssignmentError if the gradebook's points differ."""
    worth = {check_id(f): points for f, points in possible(assignment).items()}
    found = {}
    for cell in nb.cells:
        entries = cell.metadata.get("nbgrader", {})
        if entries.get("grade_id") in worth and entries.get("grade"):
            found[entries["grade_id"]] = float(entries["points"])
    if found and found != worth:
        wrong = next(name for name in worth if found.get(name) != worth[name])
        raise AssignmentError(
            f"{assignment.folder}: {wrong} is worth {worth[wrong]:g} points, but "
            f"{found.get(wrong, 'nothing')} in nbgrader's gradebook. The assignment has changed since. Run "
            f"autograder nbgrader init --force -a {assignment.slug}, then nbgrader generate_assignment --force"
        )
    return bool(found)
