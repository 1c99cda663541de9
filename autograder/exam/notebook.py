"""Write forms as notebooks for nbgrader, and read the answers from returned notebooks.

Every item has three cells: the question (locked), the student's answer, and a locked cell that carries the points.
Answers are read as literals; no code of a notebook is ever run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form, ShownItem, show
from autograder.exam.paper import letter
from question_bank.item import CLOZE, MATCHING, MULTIPLE, ORDERING

SCHEMA = 3  # of nbgrader's cell metadata, since nbgrader 0.6
LONGEST = 50_000  # characters in an answer cell

_HOW = {
    MULTIPLE: ('the letters of all correct options, such as ["A", "C"]', "[]"),
    MATCHING: ('a letter for each number, in order, such as ["B", "A"]', "[]"),
    ORDERING: ('the letters in the right order, such as ["C", "A", "B"]', "[]"),
    CLOZE: ('the words for each gap, in order, such as ["first", "second"]', "[]"),
}


def notebook(exam: Exam, form: Form) -> str:
    """A form as a notebook (nbformat 4.5), made from ``ShownItem`` alone, so it contains nothing of the key."""
    aids = ", ".join(exam.aids) or "none"
    terms = f"{exam.minutes_for(form.student):g} minutes · {form.points:g} points · Aids: {aids}"
    cells = [_cell("markdown", f"# {_line(exam.title)}\n\n{_line(terms)}", "exam_title", locked=True)]
    section_texts = {section.title: section.text for section in exam.sections}
    current_section = ""
    for placed in form.placed:
        shown = show(placed, form)
        if shown.section != current_section:
            current_section = shown.section
            text = f"## {_line(current_section)}\n\n{section_texts.get(current_section, '')}".strip()
            cells.append(_cell("markdown", text, f"section_{shown.name}", locked=True))
        cells.append(_cell("markdown", question_text(shown), f"question_{shown.name}", locked=True))
        cells.append(_cell("code", answer_text(shown), f"answer_{shown.name}", solution=True))
        source = f"# The points for {shown.name} are entered here when the exam is marked. Do not change this cell."
        cells.append(_cell("code", source, f"points_{shown.name}", locked=True, points=shown.points))
    for n, task in enumerate(form.tasks, 1):
        text = f"Programming task: **{_line(task.title)}** ({task.points:g} points). Submit it as `{task.assignment}`."
        cells.append(_cell("markdown", text, f"task_{n}", locked=True))
    language = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": language, "language_info": {"name": "python"}}
    return json.dumps(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1
    )


def question_text(shown: ShownItem) -> str:
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


def answer_text(shown: ShownItem) -> str:
    """The initial text of the answer cell."""
    plain = 'the letter of one option, such as "B"' if shown.options else "your answer, between the quotes"
    how, empty = _HOW.get(shown.kind, (plain, '""'))
    return f"# Your answer: {how}\n{shown.name} = {empty}"


def read_answers(cells: Sequence[tuple[str, str, str]], form: Form) -> tuple[dict[str, Any], list[str]]:
    """Read the responses, as ``form.ShownItem`` describes them, and describe the cells that could not be read.

    Args:
      cells: Kind, text and claimed nbgrader name of each cell (``autograder.submission.notebook.claimed_cells``).
    """
    texts: dict[str, list[str]] = {}
    for kind, text, name in cells:
        if kind == "code":
            texts.setdefault(name, []).append(text)
    responses: dict[str, Any] = {}
    problems = []
    for placed in form.placed:
        shown = show(placed, form)
        sources = texts.get(f"answer_{shown.name}", [])
        if len(sources) != 1:
            problems.append(f"{shown.name}: expected one answer cell, found {len(sources)}")
            continue
        try:
            response = _response(shown, _assigned(sources[0], shown.name))
        except ValueError as error:
            problems.append(f"{shown.name}: {error}")
            continue
        if response is not None:
            responses[shown.name] = response
    return responses, problems


def _assigned(text: str, name: str) -> Any:
    """The literal that was last assigned to ``name``.  Raises ValueError."""
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


def _response(shown: ShownItem, value: Any) -> Any:
    if shown.kind in (MULTIPLE, MATCHING, ORDERING):
        letters = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value
        if not isinstance(letters, list | tuple) or not any(letters):
            return None
        count = len(shown.options or shown.rights or shown.steps)
        indices = [_index(entry, count) for entry in letters]
        if shown.kind == MULTIPLE:
            return [n for n in indices if n is not None]
        words = shown.rights or shown.steps
        return ["" if n is None else words[n] for n in indices]
    if shown.kind == CLOZE:
        return [str(words) for words in value] if isinstance(value, list | tuple) and value else None
    if shown.options:
        index = _index(value, len(shown.options))
        if index is None and str(value or "").strip():
            raise ValueError(f"expected one letter from A to {letter(len(shown.options) - 1)}")
        return index
    return str(value) if value is not None and not isinstance(value, list | dict) and str(value).strip() else None


def _index(value: Any, count: int) -> int | None:
    text = value.strip().strip(".)(").upper() if isinstance(value, str) else ""
    return next((n for n in range(count) if letter(n) == text), None)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(
    kind: str, source: str, name: str, *, locked: bool = False, solution: bool = False, points: float | None = None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        metadata["points"] = points
    cell: dict[str, Any] = {"cell_type": kind, "id": name.replace("_", "-"), "metadata": {"nbgrader": metadata}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source}
