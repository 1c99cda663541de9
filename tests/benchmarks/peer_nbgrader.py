"""Stock nbgrader: a source notebook with test cells, its own commands, its own kernel."""

from __future__ import annotations

import ast
import csv
import json
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peer_venv import environment
from table import KILLED_AT, Graded
from watch import Spent, measure

from autograder.exchange.nbgrader.cells import metadata

CELL_SECONDS = 30
CONFIG = f"""\
c = get_config()
c.CourseDirectory.course_id = "toy"
c.ExecutePreprocessor.timeout = {CELL_SECONDS}
"""
MARKS = """
select submitted_assignment.student_id, base_cell.name, grade.auto_score
from grade
join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
"""


def grade(
    python: Path,
    submissions: Mapping[str, str],
    crashes: list[str],
    points: Mapping[str, float],
    folder: Path,
    memory: float,
) -> Graded:
    """Grade all, killed once and started again; then the crashing ones alone, to know their share."""
    variables, log = environment(python, folder / "home"), folder / "log"
    (folder / "nbgrader_config.py").write_text(CONFIG)
    source = folder / "source" / "toy"
    source.mkdir(parents=True)
    shutil.copy(folder / "numbers.npz", source)
    (source / "toy.ipynb").write_text(json.dumps(_notebook(points)))
    nbgrader = [python, "-m", "nbgrader"]
    _must(measure([*nbgrader, "generate_assignment", "toy"], folder, variables, log=log), log)
    release = (folder / "release" / "toy" / "toy.ipynb").read_text()
    for name, text in submissions.items():
        handed = folder / "submitted" / name / "toy"
        handed.mkdir(parents=True)
        (handed / "toy.ipynb").write_text(_filled(release, text))

    def early() -> bool:
        return len(list((folder / "autograded").glob("*/toy/toy.ipynb"))) > len(submissions) // KILLED_AT

    autograde = [*nbgrader, "autograde", "toy"]
    first = measure(autograde, folder, variables, stop=early, memory=memory, log=log)
    second = measure(autograde, folder, variables, memory=memory, log=log)
    _must(measure([*nbgrader, "export", "--to=grades.csv"], folder, variables, log=log), log)
    verdicts, rows = _marks(folder / "gradebook.db")
    with (folder / "grades.csv").open(newline="") as stream:
        exported = {r["student_id"]: f"exported as {r['score']} of {r['max_score']}" for r in csv.DictReader(stream)}
    notes = {n: f"no mark, {exported.get(n, 'not exported')}" for n in submissions if n not in verdicts}
    for name in set(submissions) - set(crashes):
        shutil.rmtree(folder / "submitted" / name)
    crashed = measure([*autograde, "--force"], folder, variables, memory=memory, log=log)
    doubled = sum(n > 1 for n in rows.values())
    left = {"by the kill": first.left, "at the end": second.left}
    return Graded("nbgrader", len(submissions), first + second, crashed, verdicts, doubled, notes, left)


def _notebook(points: Mapping[str, float]) -> dict[str, Any]:
    """Make the source: the students' cell, what the tests share, and one graded cell for each check."""
    text = Path(__file__).with_name("peer_checks.py").read_text()
    body = ast.parse(text).body[1:]  # without the docstring
    solution = "### BEGIN SOLUTION\n### END SOLUTION"
    cells = [_cell("solution", solution, metadata("solution", solution=True))]
    shared = []
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            continue
        if not (isinstance(node, ast.ImportFrom) and node.module == "submission"):  # in a notebook: the first cell
            shared.append(ast.unparse(node))
    cells.append(_cell("shared", "\n".join(shared), metadata("shared", locked=True)))
    for node in body:
        if isinstance(node, ast.FunctionDef) and (name := node.name.removeprefix("test_")) in points:
            code = f"{ast.unparse(node)}\n\n\n{node.name}()"
            cells.append(_cell(name, code, metadata(name, grade=True, locked=True, points=points[name])))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(name: str, text: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"nbgrader": dict(entries)},
        "source": text,
        "outputs": [],
        "execution_count": None,
    }


def _filled(release: str, text: str) -> str:
    notebook = json.loads(release)
    notebook["cells"][0]["source"] = text
    return json.dumps(notebook)


def _marks(gradebook: Path) -> tuple[dict[str, dict[str, bool]], dict[str, int]]:
    """What the gradebook holds: who passed what, without those who have no mark; and how often everybody is there."""
    with sqlite3.connect(gradebook) as book:
        marks = book.execute(MARKS).fetchall()
        rows = dict(book.execute("select student_id, count(*) from submitted_assignment group by student_id"))
    verdicts: dict[str, dict[str, bool]] = {}
    for student, check, score in marks:
        if score is not None:
            verdicts.setdefault(student, {})[check] = score > 0
    return verdicts, rows


def _must(spent: Spent, log: Path) -> None:
    if spent.code:
        raise SystemExit(f"nbgrader failed: {log.read_text()[-800:]}")
