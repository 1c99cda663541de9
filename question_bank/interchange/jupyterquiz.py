"""JSON for jupyterquiz, which shows questions in a notebook for self-testing.

It knows choices, numbers and short texts.  Its only feedback is that of an answer, so the explanation stands with the
right one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from question_bank.interchange.outcome import Exported, UnfitError
from question_bank.interchange.shape import around, distinct_forms, each, stem_html
from question_bank.interchange.text import escape, to_html, to_inline
from question_bank.item import CODE, MULTIPLE, NUMERIC, SHORT, SINGLE, Item, replace

_TYPES = {SINGLE: "multiple_choice", MULTIPLE: "many_choice", NUMERIC: "numeric", SHORT: "string", CODE: "string"}

_Answer = dict[str, object]


def export(items: Sequence[Item], title: str) -> Exported:
    """A JSON list for ``display_quiz``; the format has no place for ``title``."""
    written, refused = each(items, question)
    return Exported(f"[\n{','.join(text for _, text in written)}]\n".encode(), refused)


def question(item: Item) -> str:
    """One JSON object.

    Raises:
      UnfitError: jupyterquiz has no question of this kind.
    """
    if item.kind not in _TYPES:
        raise UnfitError(f"jupyterquiz has no {item.kind} questions")
    shown: dict[str, object] = {
        "question": _shown(stem_html(replace(item, code=""))),
        "type": _TYPES[item.kind],
        "answers": _answers(item),
    }
    if item.code:
        shown["code"] = escape(item.code.rstrip("\n"))
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def _inline_math(tex: str, display: bool) -> str:
    return rf"\({escape(tex)}\)"


def _shown(content: str) -> str:
    """HTML in which jupyterquiz finds neither math in dollars nor a link in brackets."""
    return content.replace("$", "&#36;").replace("[", "&#91;")


def _said(item: Item, feedback: str, right: bool) -> str:
    parts = [to_inline(feedback, _inline_math)] if feedback.strip() else []
    if right:
        parts = parts or ["Correct."]
        parts += [to_html(item.explanation, _inline_math)] if item.explanation.strip() else []
    return _shown(" ".join(parts or ["Not right – try again."]))


def _answers(item: Item) -> list[_Answer]:
    if item.kind in (SINGLE, MULTIPLE):
        return [
            {
                "answer": _shown(to_inline(option.text, _inline_math)),
                "correct": option.correct,
                "feedback": _said(item, option.feedback, option.correct),
            }
            for option in item.options
        ]
    if item.kind == NUMERIC:
        return _numbers(item)
    return [
        {"answer": form, "correct": True, "match_case": item.kind == CODE, "feedback": _said(item, "", True)}
        for form in distinct_forms(item.accepted)
    ]


def _numbers(item: Item) -> list[_Answer]:
    assert item.number is not None
    key = item.number
    # jupyterquiz takes the first answer that fits, so the key stands first.
    rows = [(key.value, True, "")] + [(slip.value, False, slip.feedback) for slip in key.slips]
    answers: list[_Answer] = []
    for value, right, feedback in rows:
        low, high = around(value, key.reach)
        # Its ranges end before their upper end.
        place: _Answer = (
            {"type": "range", "range": [low, math.nextafter(high, math.inf)]}
            if key.reach
            else {"type": "value", "value": value}
        )
        answers.append({**place, "correct": right, "feedback": _said(item, feedback, right)})
    return answers
