"""A paper to print: the questions on one page, the key on another, both A4 and without any script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

import jinja2
from markupsafe import Markup

from question_bank.interchange.mathml import mathml
from question_bank.interchange.outcome import Exported, UnfitError
from question_bank.interchange.shape import decimal_text, distinct_forms, each, fill_gaps, shuffled, stem_html
from question_bank.interchange.text import to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

_HERE = Path(__file__).parent
Row = dict[str, object]


def export(items: Sequence[Item], title: str) -> Exported:
    """The questions, as one HTML file with its style inside."""
    return _page("paper.html.j2", items, title)


def export_key(items: Sequence[Item], title: str) -> Exported:
    """What is right and why, numbered as in the paper."""
    return _page("key.html.j2", items, title)


def _page(template: str, items: Sequence[Item], title: str) -> Exported:
    written, refused = each(items, _checked)
    rows = [{**question_view(item), "number": i} for i, (item, _) in enumerate(written, 1)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_HERE / "paper.css").read_text(encoding="utf-8"))
    page = environment.get_template(template).render(title=title, questions=rows, style=style)
    return Exported(page.encode(), refused)


def _checked(item: Item) -> str:
    """Nothing, or a refusal: letters end at Z."""
    rights = {*(p.right for p in item.pairs), *item.extra}
    if max(len(item.options), len(rights)) > len(ascii_uppercase):
        raise UnfitError("a paper has letters for 26 options only")
    if item.kind == CLOZE:
        fill_gaps(item, str)
    return ""


def _block(text: str) -> Markup:
    return Markup(to_html(text, mathml))


def _inline(text: str) -> Markup:
    return Markup(to_inline(text, mathml))


def question_view(item: Item) -> Row:
    """What the templates show of one item."""
    if item.kind == CLOZE:
        stem = Markup(fill_gaps(item, lambda i: f'<span class="gap"><sub>{i + 1}</sub></span>', mathml))
    else:
        stem = Markup(stem_html(item, mathml))
    row: Row = {
        "id": item.id,
        "kind": item.kind,
        "topic": item.topic,
        "stem": stem,
        "explanation": _block(item.explanation),
        "options": [],
        "notes": [],
        "lefts": [],
        "rights": [],
        "steps": [],
        "unit": "",
        "lines": 0,
    }
    return {**row, **_SHAPES[item.kind](item)}


def _choice(item: Item) -> Row:
    options = [(letter, _inline(o.text)) for letter, o in zip(ascii_uppercase, item.options, strict=False)]
    lettered = list(zip(ascii_uppercase, item.options, strict=False))
    return {
        "options": options,
        "key": [Markup(letter) for letter, option in lettered if option.correct],
        "notes": [(Markup(letter), _inline(option.feedback)) for letter, option in lettered if option.feedback.strip()],
    }


def _numeric(item: Item) -> Row:
    assert item.number is not None
    reach = f" ± {decimal_text(item.number.reach)}" if item.number.reach else ""
    slips = [(Markup(decimal_text(s.value)), _inline(s.feedback)) for s in item.number.slips if s.feedback.strip()]
    key = Markup.escape(f"{decimal_text(item.number.value)}{reach} {item.number.unit}".strip())
    return {"key": [key], "unit": item.number.unit, "notes": slips}


def _typed(item: Item) -> Row:
    lines = max(len(item.accepted[0].strip().splitlines()), 1) if item.kind == CODE else 1
    return {"key": [Markup(" / ").join(map(Markup.escape, distinct_forms(item.accepted)))], "lines": min(lines, 12)}


def _matching(item: Item) -> Row:
    rights = shuffled(dict.fromkeys((*(p.right for p in item.pairs), *item.extra)), item.id)
    letters = dict(zip(rights, ascii_uppercase, strict=False))
    return {
        "lefts": [_inline(pair.left) for pair in item.pairs],
        "rights": [(letter, _inline(right)) for right, letter in letters.items()],
        "key": [Markup(f"{i} {letters[pair.right]}") for i, pair in enumerate(item.pairs, 1)],
    }


def _ordering(item: Item) -> Row:
    mixed = shuffled(item.steps, item.id)
    return {
        "steps": [_inline(step) for step in mixed],
        "key": [Markup(str(item.steps.index(step) + 1)) for step in mixed],
    }


def _cloze(item: Item) -> Row:
    shown = [Markup(" / ").join(map(Markup.escape, distinct_forms(gap))) for gap in item.gaps]
    return {"key": [Markup("({}) {}").format(i, text) for i, text in enumerate(shown, 1)]}


_SHAPES = {
    SINGLE: _choice,
    MULTIPLE: _choice,
    NUMERIC: _numeric,
    SHORT: _typed,
    CODE: _typed,
    MATCHING: _matching,
    ORDERING: _ordering,
    CLOZE: _cloze,
}
