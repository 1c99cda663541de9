"""Forms as notebooks for nbgrader, and the answers that stand in them when they come back.

Every item is three cells: the question (locked), the student's answer, and a locked cell that carries the points.  The
answers are read as literals; nothing of a notebook is ever run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form, Shown, show
from question_bank.exam.paper import letter
from question_bank.item import CLOZE, MATCHING, MULTIPLE, ORDERING

SCHEMA = 3  # of nbgrader's cell metadata, since nbgrader 0.6
LONGEST = 50_000  # characters of an answer cell that are looked at

_HOW = {
    MULTIPLE: ('the letters of all right options, such as ["A", "C"]', "[]"),
    MATCHING: ('a letter for each number, in their order, such as ["B", "A"]', "[]"),
    ORDERING: ('the letters in the right order, such as ["C", "A", "B"]', "[]"),
    CLOZE: ('the words of each gap, in their order, such as ["first", "second"]', "[]"),
}


def notebook(exam: Exam, form: Form) -> str:
    """A form as a notebook (nbformat 4.5); made from ``Shown`` alone, so nothing of the key is in it."""
    aids = ", ".join(exam.aids) or "none"
    terms = f"{exam.minutes_for(form.student):g} minutes · {form.points:g} points · Aids: {aids}"
    cells = [_cell("markdown", f"# {_line(exam.title)}\n\n{_line(terms)}", "exam_title", locked=True)]
    titles = {section.title: section.text for section in exam.sections}
    before = ""
    for placed in form.placed:
        shown = show(placed, form)
        if shown.section != before:
            before = shown.section
            text = f"## {_line(before)}\n\n{titles.get(before, '')}".strip()
            cells.append(_cell("markdown", text, f"section_{shown.name}", locked=True))
        cells.append(_cell("markdown", question_text(shown), f"question_{shown.name}", locked=True))
        cells.append(_cell("code", answer_text(shown), f"answer_{shown.name}", solution=True))
        source = f"# The points of {shown.name} are given here when the exam is marked. Leave this cell as it is."
        cells.append(_cell("code", source, f"points_{shown.name}", locked=True, points=shown.points))
    for n, task in enumerate(form.tasks, 1):
        text = f"Programming task: **{_line(task.title)}** ({task.points:g} points), handed in as `{task.assignment}`."
        cells.append(_cell("markdown", text, f"task_{n}", locked=True))
    language = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": language, "language_info": {"name": "python"}}
    return json.dumps(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1
    )


def question_text(shown: Shown) -> str:
    """The question in Markdown."""
    number = shown.name.removeprefix("q")
    parts = [f"**{number}.** ({shown.points:g} point{'' if shown.points == 1 else 's'})", shown.stem]
    if shown.code:
        ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown.code)), default=0))
        parts.append(f"{ticks}python\n{shown.code.rstrip()}\n{ticks}")
    lettered = shown.options or shown.steps
    parts += [f"**{letter(n)}**  {text}" for n, text in enumerate(lettered)]
    parts += [f"**{n}**  {text}" for n, text in enumerate(shown.lefts, 1)]
    parts += [f"**{letter(n)}**  {text}" for n, text in enumerate(shown.rights)]
    if shown.unit:
        parts.append(f"In {shown.unit}.")
    return "\n\n".join(parts)


def answer_text(shown: Shown) -> str:
    """What stands in the answer cell before anything is typed."""
    plain = 'the letter of one option, such as "B"' if shown.options else "what you would write, between the quotes"
    how, empty = _HOW.get(shown.kind, (plain, '""'))
    return f"# Your answer: {how}\n{shown.name} = {empty}"


def read_answers(cells: Sequence[tuple[str, str, str]], form: Form) -> tuple[dict[str, Any], list[str]]:
    """Responses as ``form.Shown`` describes them, and remarks on cells that could not be read.

    Args:
      cells: Kind, text and claimed nbgrader name of every cell (``autograder.notebook.claimed_cells``).
    """
    texts: dict[str, list[str]] = {}
    for kind, text, name in cells:
        if kind == "code":
            texts.setdefault(name, []).append(text)
    found: dict[str, Any] = {}
    remarks = []
    for placed in form.placed:
        shown = show(placed, form)
        there = texts.get(f"answer_{shown.name}", [])
        if len(there) != 1:
            remarks.append(f"{shown.name}: expected one answer cell, found {len(there)}")
            continue
        try:
            response = _response(shown, _assigned(there[0], shown.name))
        except ValueError as error:
            remarks.append(f"{shown.name}: {error}")
            continue
        if response is not None:
            found[shown.name] = response
    return found, remarks


def _assigned(text: str, name: str) -> Any:
    """The literal last given to ``name``.  Raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError(f"the answer cell is longer than {LONGEST} characters")
    try:
        value: Any = None
        for node in ast.parse(text).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in targets):
                value = ast.literal_eval(node.value)
        return value
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise ValueError(f'expected {name} = "…" or {name} = ["…", "…"], with quotes') from None


def _response(shown: Shown, value: Any) -> Any:
    if shown.kind in (MULTIPLE, MATCHING, ORDERING):
        letters = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value
        if not isinstance(letters, list | tuple) or not any(letters):
            return None
        count = len(shown.options or shown.rights or shown.steps)
        places = [_place(one, count) for one in letters]
        if shown.kind == MULTIPLE:
            return [n for n in places if n is not None]
        words = shown.rights or shown.steps
        return ["" if n is None else words[n] for n in places]
    if shown.kind == CLOZE:
        return [str(one) for one in value] if isinstance(value, list | tuple) and value else None
    if shown.options:
        place = _place(value, len(shown.options))
        if place is None and str(value or "").strip():
            raise ValueError(f"expected one letter from A to {letter(len(shown.options) - 1)}")
        return place
    return str(value) if value is not None and not isinstance(value, list | dict) and str(value).strip() else None


def _place(value: Any, count: int) -> int | None:
    text = value.strip().strip(".)(").upper() if isinstance(value, str) else ""
    return next((n for n in range(count) if letter(n) == text), None)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(
    kind: str, source: str, name: str, *, locked: bool = False, solution: bool = False, points: float | None = None
) -> dict[str, Any]:
    about: dict[str, Any] = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        about["points"] = points
    cell: dict[str, Any] = {"cell_type": kind, "id": name.replace("_", "-"), "metadata": {"nbgrader": about}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source}
