"""The feedback page: marks, correct answers and explanations of the student's own form, after the release."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from autograder.exam import inputs
from autograder.exam.form import PlacedItem, ShownItem
from autograder.exam.marks import Mark, MarkedForm, mark_form
from autograder.exam.server import sheet
from autograder.exam.server.context import ExamContext, StudentStatus
from autograder.exam.sitting import StoredResponse, sort_answers
from question_bank.interchange.mathml import mathml
from question_bank.interchange.shape import decimal_text as decimal
from question_bank.interchange.shape import distinct_forms as forms
from question_bank.interchange.text import to_html, to_inline
from question_bank.item import CLOZE, MATCHING, NUMERIC, ORDERING, Item


def feedback_rows(context: ExamContext, status: StudentStatus) -> tuple[MarkedForm, list[dict[str, Any]]]:
    """The marked form of the last sitting and, for each section, its items with answer, key and explanation."""
    assert status.sitting is not None
    student, exam = status.student, context.exam
    form = context.forms[student]
    shown = context.shown(student)
    counted = sort_answers(status.sitting, context.responses.answers(student), shown).counted
    responses = {name: inputs.response_for_marking(answer.response) for name, answer in counted.items()}
    tasks = context.tasks().get(student)
    marked = mark_form(form, responses, exam.rules, negative=exam.negative, rekeys=context.rekeys(), tasks=tasks)
    marks = {mark.name: mark for mark in marked.marks}
    rows = [
        _row(number, placed, shown[placed.name], counted.get(placed.name), marks[placed.name])
        for number, placed in enumerate(form.placed, 1)
    ]
    sections = [
        {
            "title": section.title,
            "rows": section_rows,
            "tasks": [{"title": task.title, "mark": marks[task.assignment]} for task in tasks],
        }
        for section, section_rows, tasks in sheet.by_section(exam, form, rows)
    ]
    return marked, sections


def _row(number: int, placed: PlacedItem, shown: ShownItem, saved: StoredResponse | None, mark: Mark) -> dict[str, Any]:
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
    """The correct answer, one line for each part, as texts (not as letters, which depend on the form)."""
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
