"""Printable forms for students, and their keys for instructors: pages without scripts or external resources.

The page for students is made from ``ShownItem`` alone, so it cannot contain anything of the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import jinja2
from markupsafe import Markup

from autograder.exam.blueprint import Exam
from autograder.exam.form import Form, PlacedItem, ShownItem, show
from question_bank import interchange
from question_bank.interchange.mathml import mathml
from question_bank.interchange.outcome import UnfitError
from question_bank.interchange.paper import question_view
from question_bank.interchange.shape import fill_gaps, stem_html
from question_bank.interchange.text import to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, ORDERING, SHORT, Item, digest

_PAGES = Path(__file__).parent / "pages"
_SHARED = Path(interchange.__file__).parent

Row = Mapping[str, Any]


def papers(exam: Exam, forms: Sequence[Form]) -> str:
    """All forms as one printable page; each form starts on a new sheet."""
    return _page("paper.html.j2", exam, [_form(exam, form, keys=False) for form in forms])


def keys(exam: Exam, forms: Sequence[Form]) -> str:
    """The key of every form, for marking on paper."""
    return _page("keys.html.j2", exam, [_form(exam, form, keys=True) for form in forms], stems=False)


def preview(exam: Exam, forms: Sequence[Form]) -> str:
    """Forms as students see them, with key, feedback and explanation below each item."""
    return _page("keys.html.j2", exam, [_form(exam, form, keys=True) for form in forms], stems=True)


def form_code(form: Form) -> str:
    """A short code that links a paper to its key and reveals neither."""
    return digest("paper", form.exam, form.student, length=6).upper()


def letter(number: int) -> str:
    """A, B, …, Z, AA, AB, …: letters for options and right sides on paper and in notebooks."""
    name = ""
    while number >= 0:
        name, number = ascii_uppercase[number % 26] + name, number // 26 - 1
    return name


def _page(template: str, exam: Exam, forms: list[Row], **more: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_PAGES, _SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_SHARED / "paper.css").read_text("utf-8") + (_PAGES / "paper.css").read_text("utf-8"))
    aids = ", ".join(exam.aids) or "none"
    return environment.get_template(template).render(title=exam.title, aids=aids, forms=forms, style=style, **more)


def _form(exam: Exam, form: Form, *, keys: bool) -> Row:
    numbers = {placed.name: n for n, placed in enumerate(form.placed, 1)}
    sections = []
    for section in exam.sections:
        rows = []
        for placed in form.placed:
            if placed.section == section.title:
                shown = show(placed, form)
                row = {**shown_row(shown), "number": numbers[placed.name]}
                rows.append({**row, **_key(placed, shown)} if keys else row)
        tasks = [
            {"title": t.title, "assignment": t.assignment, "points": _points(t.points)}
            for t in form.tasks
            if t.section == section.title
        ]
        text = Markup(to_html(section.text, mathml))
        sections.append({"title": section.title, "text": text, "questions": rows, "tasks": tasks})
    return {
        "student": form.student,
        "code": form_code(form),
        "points": f"{form.points:g}",
        "minutes": f"{exam.minutes_for(form.student):g}",
        "sections": sections,
    }


def shown_row(shown: ShownItem) -> Row:
    """The values that ``question.html.j2`` needs for an item, all from ``ShownItem``."""
    return {
        "id": shown.name,
        "kind": shown.kind,
        "stem": Markup(_stem(shown)),
        "options": [(letter(n), _inline(text)) for n, text in enumerate(shown.options)],
        "lefts": [_inline(text) for text in shown.lefts],
        "rights": [(letter(n), _inline(text)) for n, text in enumerate(shown.rights)],
        "steps": [_inline(text) for text in shown.steps],
        "unit": shown.unit,
        "lines": {SHORT: 1, CODE: 4}.get(shown.kind, 0) if not shown.options else 0,
        "points": _points(shown.points),
    }


def _stem(shown: ShownItem) -> str:
    bare = Item("x", shown.kind, "x", "apply", 0.0, shown.stem, "", gaps=(("x",),) * shown.gaps, code=shown.code)
    if shown.kind != CLOZE:
        return stem_html(bare, mathml)
    try:
        return fill_gaps(bare, lambda n: f'<span class="gap"><sub>{n + 1}</sub></span>', mathml)
    except UnfitError:  # a gap inside a formula: show the stem as typed, with {1} in it
        return to_html(shown.stem, lambda tex, display: f"<code>{Markup.escape(tex)}</code>")


def _key(placed: PlacedItem, shown: ShownItem) -> Row:
    """The key, in the letters and the order of this student's form."""
    item = placed.item
    notes: Any = []
    if item.kind == MATCHING:
        letters = {right: letter(n) for n, right in enumerate(shown.rights)}
        key: Any = [f"{n} {letters[pair.right]}" for n, pair in enumerate(item.pairs, 1)]
    elif item.kind == ORDERING:
        key = [str(item.steps.index(step) + 1) for step in shown.steps]
    elif shown.options:
        key = [letter(n) for n, option in enumerate(item.options) if option.correct]
        notes = [(letter(n), _inline(o.feedback)) for n, o in enumerate(item.options) if o.feedback.strip()]
    else:
        row = question_view(item)
        key, notes = row["key"], row["notes"]
    return {
        "key": key,
        "notes": notes,
        "explanation": Markup(to_html(item.explanation, mathml)),
        "topic": item.topic,
        "level": item.level,
        "difficulty": f"{item.difficulty:.2f}",
        "item": item.id,
    }


def _inline(text: str) -> Markup:
    return Markup(to_inline(text, mathml))


def _points(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"
