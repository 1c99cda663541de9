"""What students see when the instructor has released it: marks, keys and explanations of their own form."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from question_bank.exam import inputs
from question_bank.exam.form import Placed, Shown
from question_bank.exam.marks import Mark, Marked, mark_form
from question_bank.exam.server import sheet
from question_bank.exam.server.hall import Hall, Standing
from question_bank.exam.sitting import Saved, counted
from question_bank.interchange.mathml import mathml
from question_bank.interchange.shape import forms
from question_bank.interchange.shape import number as decimal
from question_bank.interchange.text import to_html, to_inline
from question_bank.item import CLOZE, MATCHING, NUMERIC, ORDERING, Item


def feedback_rows(hall: Hall, standing: Standing) -> tuple[Marked, list[dict[str, Any]]]:
    """The marked form of the last sitting and, by section, each item with answer, key and explanation."""
    assert standing.sitting is not None
    student, exam = standing.student, hall.exam
    form = hall.forms[student]
    saved = counted(standing.sitting, hall.responses.answers(student))
    responses = {name: inputs.marked_as(one.response) for name, one in saved.items()}
    tasks = hall.tasks().get(student)
    marked = mark_form(form, responses, exam.rules, negative=exam.negative, rekeys=hall.rekeys(), tasks=tasks)
    marks = {mark.name: mark for mark in marked.marks}
    shown = hall.shown(student)
    rows = [
        _row(number, one, shown[one.name], saved.get(one.name), marks[one.name])
        for number, one in enumerate(form.placed, 1)
    ]
    found = [
        {
            "title": section.title,
            "rows": mine,
            "tasks": [{"title": task.title, "mark": marks[task.assignment]} for task in tasks],
        }
        for section, mine, tasks in sheet.by_section(exam, form, rows)
    ]
    return marked, found


def _row(number: int, placed: Placed, shown: Shown, saved: Saved | None, mark: Mark) -> dict[str, Any]:
    item = placed.item
    return {
        "row": sheet.row(shown, number, saved),
        "mark": mark,
        "key": key_lines(item),
        "explanation": Markup(to_html(item.explanation, mathml)),
        "right": mark.points >= mark.possible,
        "part": 0 < mark.points < mark.possible,
    }


def key_lines(item: Item) -> list[Markup]:
    """What is right, a line for each part, in words and not in the letters of anybody's form."""
    if item.options:
        return [_inline(text) for text in item.keys]
    if item.kind == MATCHING:
        return [Markup("{} → {}").format(_inline(p.left), _inline(p.right)) for p in item.pairs]
    if item.kind == ORDERING:
        return [Markup("{}. {}").format(n, _inline(step)) for n, step in enumerate(item.steps, 1)]
    if item.kind == CLOZE:
        return [Markup("{}. {}").format(n, " / ".join(forms(gap))) for n, gap in enumerate(item.gaps, 1)]
    if item.kind == NUMERIC and item.number is not None:
        reach = f" ± {decimal(item.number.reach)}" if item.number.reach else ""
        return [Markup.escape(f"{decimal(item.number.value)}{reach} {item.number.unit}".strip())]
    return [Markup.escape(" / ".join(item.accepted))]


def _inline(text: str) -> Markup:
    return Markup(to_inline(text, mathml))
