"""The contents of a student's page, made from ``ShownItem`` alone, so it cannot contain anything of the key."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from markupsafe import Markup, escape

from autograder.exam import inputs
from autograder.exam.blueprint import Exam, Section
from autograder.exam.form import Form, ShownItem, Task
from autograder.exam.paper import letter
from autograder.exam.server.context import ExamContext, StudentStatus
from autograder.exam.sitting import ANNOUNCED, StoredResponse, sort_answers
from question_bank.interchange.mathml import mathml
from question_bank.interchange.outcome import UnfitError
from question_bank.interchange.shape import fill_gaps, stem_html
from question_bank.interchange.text import one_line, to_html, to_inline, to_plain
from question_bank.item import CLOZE, CODE, MULTIPLE, Item

_FIELD = "\ue000gap-{}\ue000"  # placeholder for a field, in private-use characters that no bank contains
_FIELDS = re.compile(_FIELD.format(r"(\d+)"))
_TEXTS = 20_000  # number of texts whose HTML is cached
_PLAIN = 80  # characters of a choice in the entry of a select; the full text is shown beside it

ANSWERED, INCOMPLETE, EMPTY = "answered", "begun", "empty"  # states of an item; the scripts use them too

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One item on the page.

    Attributes:
      widget: "radio", "checkbox", "match" and "order" (a select for each of ``parts``), "gaps" (fields inside the
        stem), "text" or "code".
      parts: Field name and label of each part of a matching or an ordering.
      choices: Value and label of each choice of a radio, a checkbox or a select.
      plain: The choices without markup, as the entries of a select need them.
      values: Field → value, as the student last saved it.
      base: Number of the saved answer that the page shows; 0 for none.
      state: ``ANSWERED``, ``INCOMPLETE`` or ``EMPTY``.
    """

    name: str
    number: int
    stem: Markup
    points: str
    hint: str
    widget: str
    choices: tuple[tuple[str, Markup], ...]
    plain: tuple[str, ...]
    parts: tuple[tuple[str, Markup], ...]
    unit: str
    longest: int
    values: Mapping[str, str]
    base: int
    flagged: bool
    state: str


def rows(context: ExamContext, status: StudentStatus) -> list[Row]:
    """Every item of the student's form with the newest answer in the sitting."""
    newest = newest_answers(context, status)
    shown = context.shown(status.student)
    return [row(item, number, newest.get(name)) for number, (name, item) in enumerate(shown.items(), 1)]


def newest_answers(context: ExamContext, status: StudentStatus) -> dict[str, StoredResponse]:
    """The newest answer of each item in the sitting."""
    if status.sitting is None:
        return {}
    answers = context.responses.latest(status.student)
    return dict(sort_answers(status.sitting, answers, context.shown(status.student)).newest)


def row(shown: ShownItem, number: int, saved: StoredResponse | None) -> Row:
    """An item with its saved answer, ready for the page."""
    values = inputs.fill(shown, saved.response) if saved else {}
    static = _static_part(shown)
    pieces = _FIELDS.split(str(static["stem"]))  # all in one pass: a value may look like another placeholder
    pieces[1::2] = [_gap(f"{shown.name}.{n}", int(n), values, inputs.longest(shown)) for n in pieces[1::2]]
    return Row(
        **{**static, "stem": Markup("".join(pieces))},
        number=number,
        values=values,
        base=saved.number if saved else 0,
        flagged=bool(saved and saved.flagged),
        state=state(shown, saved),
    )


def state(shown: ShownItem, saved: StoredResponse | None) -> str:
    """Whether an item is answered, incomplete or empty."""
    if saved is None or saved.response is None:
        return EMPTY
    return ANSWERED if inputs.complete(shown, saved.response) else INCOMPLETE


def sections(context: ExamContext, form: Form, item_rows: list[Row]) -> list[dict[str, Any]]:
    """Sections with their text, rows and programming tasks, in the order of the exam."""
    return [
        {"title": section.title, "text": _block(section.text), "rows": section_rows, "tasks": tasks}
        for section, section_rows, tasks in by_section(context.exam, form, item_rows)
    ]


def by_section(exam: Exam, form: Form, item_rows: Sequence[T]) -> Iterator[tuple[Section, list[T], list[Task]]]:
    """Sections in order, each with the rows of its items and its tasks; empty sections are left out."""
    for section in exam.sections:
        rows = [row for placed, row in zip(form.placed, item_rows, strict=True) if placed.section == section.title]
        tasks = [task for task in form.tasks if task.section == section.title]
        if rows or tasks:
            yield section, rows, tasks


def announcements(status: StudentStatus) -> list[dict[str, str]]:
    """Announcements to the class or to this student, newest first."""
    return [
        {"number": str(e.number), "at": e.at.isoformat(timespec="seconds"), "text": str(e.data.get("text", ""))}
        for e in reversed(status.events)
        if e.kind == ANNOUNCED
    ]


def points(number: float) -> str:
    return f"{number:g} point{'' if number == 1 else 's'}"


def _static_part(shown: ShownItem) -> dict[str, Any]:
    """The fields of a row that do not depend on the answer."""
    parts: tuple[tuple[str, Markup], ...] = ()
    choices: tuple[tuple[str, Markup], ...] = ()
    names = inputs.field_names(shown)
    if shown.options:
        widget = "checkbox" if shown.kind == MULTIPLE else "radio"
        choices = tuple((str(n), _inline(text)) for n, text in enumerate(shown.options))
    elif shown.lefts:
        widget = "match"
        parts = tuple(zip(names, map(_inline, shown.lefts), strict=True))
        choices = tuple((str(n), _inline(text)) for n, text in enumerate(shown.rights))
    elif shown.steps:
        widget = "order"
        parts = tuple(zip(names, map(_inline, shown.steps), strict=True))
        choices = tuple((str(n), Markup(n)) for n in range(1, len(shown.steps) + 1))
    elif shown.gaps:
        widget = "gaps"
    else:
        widget = "code" if shown.kind == CODE else "text"
    return {
        "name": shown.name,
        "stem": _stem(shown.kind, shown.stem, shown.code, shown.gaps),
        "points": points(shown.points),
        "hint": inputs.hint(shown),
        "widget": widget,
        "choices": choices,
        "plain": tuple(f"{letter(n)}  {one_line(to_plain(text))[:_PLAIN]}" for n, text in enumerate(shown.rights)),
        "parts": parts,
        "unit": shown.unit,
        "longest": inputs.longest(shown),
    }


@functools.lru_cache(maxsize=_TEXTS)
def _stem(kind: str, stem: str, code: str, gaps: int) -> str:
    bare = Item("x", kind, "x", "apply", 0.0, stem, "", gaps=(("x",),) * gaps, code=code)
    if kind != CLOZE:
        return stem_html(bare, mathml)
    try:
        return fill_gaps(bare, _FIELD.format, mathml)
    except UnfitError:  # a gap inside a formula: show the stem as typed, with {1} in it, and the fields below
        fields = "".join(f"<p>{{{n + 1}}} {_FIELD.format(n)}</p>" for n in range(gaps))
        return to_html(stem, lambda tex, display: f"<code>{escape(tex)}</code>") + fields


def _gap(name: str, number: int, values: Mapping[str, str], longest: int) -> str:
    return str(
        Markup(
            '<input class="gap" name="{}" value="{}" maxlength="{}" aria-label="Gap {}" autocomplete="off" '
            'autocapitalize="off" spellcheck="false">'
        ).format(name, values.get(name, ""), longest, number + 1)
    )


# Cached by text, because the forms of a class share most texts, in different orders.
@functools.lru_cache(maxsize=_TEXTS)
def _inline(text: str) -> Markup:
    return Markup(to_inline(text, mathml))


@functools.lru_cache(maxsize=_TEXTS)
def _block(text: str) -> Markup:
    return Markup(to_html(text, mathml))
