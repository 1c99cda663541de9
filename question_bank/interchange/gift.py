"""GIFT: Moodle's plain text format for questions, as Moodle's own reader takes it.

GIFT has no ordering and no capitals that matter, one gap to a question, and no way to write an arrow in a short answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from question_bank.interchange import moodle
from question_bank.interchange.outcome import Exported, UnfitError
from question_bank.interchange.shape import (
    category,
    decimal_text,
    distinct_forms,
    each,
    fill_gaps,
    plain_rights,
    short_id,
    stem_html,
    without_case,
)
from question_bank.interchange.text import one_line, to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

_SPECIAL = re.compile(r"([\\~=#{}:])")
_PLACEHOLDER = re.compile(r"&&0\d\d;?")  # what Moodle's reader puts for an escaped character while it works


def export(items: Sequence[Item], title: str) -> Exported:
    """A GIFT file with a category for each topic, below one named ``title``."""
    written, refused = each(items, question)
    parts, topic = [f"// {one_line(title)}\n"], None
    for item, text in written:
        if item.topic != topic:
            topic = item.topic
            parts.append(f"$CATEGORY: $course$/top/{category(title)}/{category(topic)}\n")
        parts.append(text)
    return Exported("\n".join(parts).encode(), refused)


def escape(text: str) -> str:
    """``text`` with GIFT's own characters behind backslashes, on one line."""
    return _SPECIAL.sub(r"\\\1", text).replace("\n", r"\n")


def question(item: Item) -> str:
    """One question, ending with a line end.

    Raises:
      UnfitError: GIFT cannot hold the item.
    """
    item = without_case(item)
    if item.kind == ORDERING:
        raise UnfitError("GIFT has no ordering questions")
    answers = "".join(f"\t{line}\n" for line in _ANSWERS[item.kind](item))
    note = f"\t####{escape(to_html(item.explanation))}\n" if item.explanation.strip() else ""
    opening = "{#" if item.kind == NUMERIC else "{"
    block = f"{opening}\n{answers}{note}}}"
    if item.kind == CLOZE:
        before, after = fill_gaps(item, lambda _: "\0").split("\0")
        stem = f"{escape(before)}{block}{escape(after)}"
    else:
        stem = escape(stem_html(item)) + block
    head = f"// [id:{short_id(item)}] [tag:{item.level}]\n::{escape(item.id)}::[html]"
    return f"{head}{stem}\n"


def _answer(sign: str, text: str, feedback: str = "") -> str:
    return f"{sign}{escape(text)}" + _note(feedback)


def _note(feedback: str) -> str:
    return f"#{escape(_bracketed(to_inline(feedback)))}" if feedback.strip() else ""


def _choice(item: Item) -> list[str]:
    if item.kind == MULTIPLE:
        share = moodle.share(item)
        signs = {True: f"~%{share}%", False: f"~%-{share}%"}
    else:
        signs = {True: "=", False: "~"}
    return [_answer(signs[o.correct], _bracketed(to_inline(o.text)), o.feedback) for o in item.options]


def _bracketed(text: str) -> str:
    """Text whose first bracket is not taken for the name of a format."""
    return f"[html]{text}" if text.startswith("[") else text


def _numeric(item: Item) -> list[str]:
    assert item.number is not None
    reach = decimal_text(item.number.reach)
    lines = [f"=%100%{decimal_text(item.number.value)}:{reach}"]
    for slip in item.number.slips:
        lines.append(f"=%0%{decimal_text(slip.value)}:{reach}{_note(slip.feedback)}")
    return lines


def _typed(item: Item) -> list[str]:
    return _forms(item.accepted)


def _cloze(item: Item) -> list[str]:
    if len(item.gaps) > 1:
        raise UnfitError(f"GIFT has one gap to a question, and this item has {len(item.gaps)}")
    return _forms(item.gaps[0])


def _forms(accepted: Sequence[str]) -> list[str]:
    lines = []
    for form in distinct_forms(accepted):
        if "->" in form:
            raise UnfitError("GIFT takes -> in a short answer for a matching question")
        text = _plain(moodle.literal(form))
        lines.append(_answer("=%100%", f"[plain]{text}" if text.startswith("[") else text))
    return lines


def _plain(text: str) -> str:
    if _PLACEHOLDER.search(text):
        raise UnfitError("Moodle's GIFT reader uses && and a number for itself")
    return text


def _matching(item: Item) -> list[str]:
    rights = plain_rights(item)
    if len(rights) < moodle.FEWEST_RIGHTS:
        raise UnfitError(
            f"Moodle's matching needs at least {moodle.FEWEST_RIGHTS} different right sides, not {len(rights)}"
        )
    lines = [
        f"={escape(_bracketed(to_inline(p.left)))} -> {escape(_plain(one_line(rights[p.right])))}" for p in item.pairs
    ]
    return lines + [f"= -> {escape(_plain(rights[right]))}" for right in item.extra]


_ANSWERS = {
    SINGLE: _choice,
    MULTIPLE: _choice,
    NUMERIC: _numeric,
    SHORT: _typed,
    CODE: _typed,
    MATCHING: _matching,
    CLOZE: _cloze,
}
