"""Anki packages for revision: one note for each item, the same note whenever it is exported again."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

import genanki

from question_bank.interchange.outcome import Exported
from question_bank.interchange.shape import archive, decimal_text, distinct_forms, each, fill_gaps, shuffled, stem_html
from question_bank.interchange.text import escape, one_line, to_html, to_inline
from question_bank.item import CLOZE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SINGLE, Item, digest

_MODEL_ID = 1_607_392_319  # made up once; Anki knows the note type by it
_MOMENT = 1_700_000_000  # no clock: two exports of the same items are the same bytes
_FIELDS = ("Id", "Question", "Answers", "Key", "Explanation")
_CSS = """
.card { font-family: sans-serif; font-size: 18px; text-align: left; max-width: 40em; margin: 0 auto; }
pre { background: #80808020; padding: 0.5em; overflow-x: auto; }
.right { font-weight: bold; } .wrong { opacity: 0.75; } .note { font-weight: normal; font-style: italic; }
"""


def export(items: Sequence[Item], title: str) -> Exported:
    """An .apkg file with one deck named ``title``."""
    model = genanki.Model(
        _MODEL_ID,
        "Question bank item",
        fields=[{"name": name} for name in _FIELDS],
        templates=[
            {
                "name": "Card",
                "qfmt": "{{Question}}{{Answers}}",
                "afmt": "{{Question}}<hr id=answer>{{Key}}{{Explanation}}",
            }
        ],
        css=_CSS,
    )
    deck = genanki.Deck(int(digest("deck", title), 16) % (1 << 30) + (1 << 30), one_line(title) or "Question bank")
    written, refused = each(items, lambda item: "\x1f".join(_fields(item)))
    for item, fields in written:
        deck.add_note(
            genanki.Note(
                model=model,
                fields=fields.split("\x1f"),
                guid=genanki.guid_for("question bank", item.id),
                tags=[_tag(item.topic), _tag(item.level)],
            )
        )
    buffer = io.BytesIO()
    genanki.Package(deck).write_to_file(buffer, timestamp=_MOMENT)
    with zipfile.ZipFile(buffer) as made:  # genanki stamps its files with the clock
        return Exported(archive({name: made.read(name) for name in made.namelist()}), refused)


def _tag(text: str) -> str:
    return re.sub(r"\s+", "-", one_line(text))


def _fields(item: Item) -> tuple[str, ...]:
    stem = fill_gaps(item, lambda i: f"<u>&nbsp;({i + 1})&nbsp;</u>") if item.kind == CLOZE else stem_html(item)
    shown, key = _sides(item)
    return tuple(map(_still, (item.id, stem, shown, key, to_html(item.explanation))))


def _still(content: str) -> str:
    """HTML in which Anki finds no sound or LaTeX in brackets; those of math stay."""
    return re.sub(r"(?<!\\)\[", "&#91;", content)


def _list(rows: Sequence[str], letters: bool = False) -> str:
    return ('<ol type="A">' if letters else "<ol>") + "".join(rows) + "</ol>"


def _sides(item: Item) -> tuple[str, str]:
    """What stands under the question, and what is right, as HTML."""
    if item.kind in (SINGLE, MULTIPLE):
        hint = "<p>Choose all that apply.</p>" if item.kind == MULTIPLE else ""
        shown = [f"<li>{to_inline(option.text)}</li>" for option in item.options]
        marked = [
            f'<li class="{"right" if o.correct else "wrong"}">{to_inline(o.text)} {"✓" if o.correct else "✗"}'
            f"{_note(o.feedback)}</li>"
            for o in item.options
        ]
        return hint + _list(shown, letters=True), _list(marked, letters=True)
    if item.kind == NUMERIC:
        assert item.number is not None
        unit = f" {escape(item.number.unit)}" if item.number.unit else ""
        reach = f" ± {decimal_text(item.number.reach)}" if item.number.reach else ""
        slips = [f'<li class="wrong">{decimal_text(s.value)}{_note(s.feedback)}</li>' for s in item.number.slips]
        key = f'<p class="right">{decimal_text(item.number.value)}{reach}{unit}</p>'
        return "", key + (f"<ul>{''.join(slips)}</ul>" if slips else "")
    if item.kind == MATCHING:
        rights = shuffled(dict.fromkeys((*(p.right for p in item.pairs), *item.extra)), item.id)
        lefts = _list([f"<li>{to_inline(p.left)}</li>" for p in item.pairs])
        lettered = _list([f"<li>{to_inline(right)}</li>" for right in rights], letters=True)
        return lefts + lettered, _list(
            [f'<li class="right">{to_inline(p.left)} → {to_inline(p.right)}</li>' for p in item.pairs]
        )
    if item.kind == ORDERING:
        mixed = [f"<li>{to_inline(step)}</li>" for step in shuffled(item.steps, item.id)]
        return f"<ul>{''.join(mixed)}</ul>", _list([f'<li class="right">{to_inline(step)}</li>' for step in item.steps])
    gaps = item.gaps if item.kind == CLOZE else (item.accepted,)
    return "", _list([f'<li class="right">{" / ".join(map(escape, distinct_forms(gap)))}</li>' for gap in gaps])


def _note(feedback: str) -> str:
    return f'<div class="note">{to_inline(feedback)}</div>' if feedback.strip() else ""
