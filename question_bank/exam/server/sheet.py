"""What a student's page shows of the form: made from ``Shown`` alone, so nothing of the key can be in it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from markupsafe import Markup, escape

from question_bank.exam import inputs
from question_bank.exam.blueprint import Exam, Section
from question_bank.exam.form import Form, Shown, Task
from question_bank.exam.paper import letter
from question_bank.exam.server.hall import Hall, Standing
from question_bank.exam.sitting import ANNOUNCED, Saved, newest
from question_bank.interchange.mathml import mathml
from question_bank.interchange.outcome import Unfit
from question_bank.interchange.shape import fill_gaps, stem_html
from question_bank.interchange.text import one_line, to_html, to_inline, to_plain
from question_bank.item import CLOZE, CODE, MULTIPLE, Item

_FIELD = "\ue000gap-{}\ue000"  # stands for a field until its value is known; private use, in no bank
_FIELDS = re.compile(_FIELD.format(r"(\d+)"))
_TEXTS = 20_000  # whose HTML is kept
_PLAIN = 80  # characters of a choice in the entry of a select; it stands in full beside

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
      base: Number of the saved answer that is shown; 0 for none.
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
    state: str  # "answered", "begun" or "empty"


def rows(hall: Hall, standing: Standing) -> list[Row]:
    """Every item of the student's form with what was saved in the sitting."""
    saved = answers(hall, standing)
    shown = hall.shown(standing.student)
    return [row(one, number, saved.get(name)) for number, (name, one) in enumerate(shown.items(), 1)]


def answers(hall: Hall, standing: Standing) -> dict[str, Saved]:
    """The newest answer of each item in the sitting."""
    if standing.sitting is None:
        return {}
    return newest(standing.sitting, hall.responses.latest(standing.student))


def row(shown: Shown, number: int, saved: Saved | None) -> Row:
    values = inputs.fill(shown, saved.response) if saved else {}
    still = _still(shown)
    pieces = _FIELDS.split(str(still["stem"]))  # all at once: a value may look like the mark of another field
    pieces[1::2] = [_gap(f"{shown.name}.{n}", int(n), values, inputs.longest(shown)) for n in pieces[1::2]]
    return Row(
        **{**still, "stem": Markup("".join(pieces))},
        number=number,
        values=values,
        base=saved.number if saved else 0,
        flagged=bool(saved and saved.flagged),
        state=state(shown, saved),
    )


def state(shown: Shown, saved: Saved | None) -> str:
    if saved is None or saved.response is None:
        return "empty"
    return "answered" if inputs.complete(shown, saved.response) else "begun"


def sections(hall: Hall, form: Form, made: list[Row]) -> list[dict[str, Any]]:
    """Sections with their text, rows and programming tasks, in the order of the exam."""
    return [
        {"title": section.title, "text": _block(section.text), "rows": mine, "tasks": tasks}
        for section, mine, tasks in by_section(hall.exam, form, made)
    ]


def by_section(exam: Exam, form: Form, made: Sequence[T]) -> Iterator[tuple[Section, list[T], list[Task]]]:
    """Sections in order, each with what was ``made`` of its items and with its tasks; empty ones are left out."""
    for section in exam.sections:
        mine = [one for placed, one in zip(form.placed, made, strict=True) if placed.section == section.title]
        tasks = [task for task in form.tasks if task.section == section.title]
        if mine or tasks:
            yield section, mine, tasks


def announcements(standing: Standing) -> list[dict[str, str]]:
    """What the instructor said, to all or to this student, newest first."""
    return [
        {"number": str(e.number), "at": e.at.isoformat(timespec="seconds"), "text": str(e.data.get("text", ""))}
        for e in reversed(standing.events)
        if e.kind == ANNOUNCED
    ]


def points(number: float) -> str:
    return f"{number:g} point{'' if number == 1 else 's'}"


def _still(shown: Shown) -> dict[str, Any]:
    """What of a row never changes."""
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
    except Unfit:  # a gap inside a formula: the stem as it was typed, where {1} can be read, and the fields below
        fields = "".join(f"<p>{{{n + 1}}} {_FIELD.format(n)}</p>" for n in range(gaps))
        return to_html(stem, lambda tex, display: f"<code>{escape(tex)}</code>") + fields


def _gap(name: str, number: int, values: Mapping[str, str], longest: int) -> str:
    return str(
        Markup(
            '<input class="gap" name="{}" value="{}" maxlength="{}" aria-label="Gap {}" autocomplete="off" '
            'autocapitalize="off" spellcheck="false">'
        ).format(name, values.get(name, ""), longest, number + 1)
    )


# By text: the forms of a class share most of theirs, in different orders.
@functools.lru_cache(maxsize=_TEXTS)
def _inline(text: str) -> Markup:
    return Markup(to_inline(text, mathml))


@functools.lru_cache(maxsize=_TEXTS)
def _block(text: str) -> Markup:
    return Markup(to_html(text, mathml))
