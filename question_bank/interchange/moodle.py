"""Moodle XML: what Moodle's question bank exports and imports.

Ordering uses the type "ordering", part of Moodle since 4.4 and a plug-in before.  Moodle takes only the shares of its
own list, so a choice of many is worth 1/n a piece only for some n.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

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
)
from question_bank.interchange.text import escape, one_line, to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

# Percentages that Moodle lets an answer be worth, besides 0 and their negatives (question_bank::fraction_options).
FRACTIONS = (
    100,
    90,
    83.33333,
    80,
    75,
    70,
    66.66667,
    60,
    50,
    40,
    33.33333,
    30,
    25,
    20,
    16.66667,
    14.28571,
    12.5,
    11.11111,
    10,
    5,
)
FEWEST_RIGHTS = 3  # Moodle's matching wants as many different right sides

_TYPES = {
    SINGLE: "multichoice",
    MULTIPLE: "multichoice",
    NUMERIC: "numerical",
    SHORT: "shortanswer",
    CODE: "shortanswer",
    MATCHING: "matching",
    ORDERING: "ordering",
    CLOZE: "cloze",
}


def export(items: Sequence[Item], title: str) -> Exported:
    """A Moodle XML file with a category for each topic, below one named ``title``."""
    written, refused = each(items, question)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n']
    for topic, group in groupby(written, key=lambda pair: pair[0].topic):
        path = f"$course$/top/{category(title)}/{category(topic)}"
        parts.append(f'  <question type="category"><category><text>{escape(path)}</text></category></question>\n')
        parts += [text for _, text in group]
    return Exported("".join([*parts, "</quiz>\n"]).encode(), refused)


def share(item: Item) -> str:
    """What one right option of a choice of many is worth, in per cent.

    Raises:
      UnfitError: Moodle's list has no such share.
    """
    right = len(item.keys)
    for allowed in FRACTIONS:
        if abs(allowed - 100 / right) < 1e-4:
            return decimal_text(allowed)
    raise UnfitError(f"{right} right options are worth 100/{right} % each, which is not in Moodle's list of shares")


def question(item: Item) -> str:
    """One ``<question>`` element.

    Raises:
      UnfitError: Moodle cannot hold the item.
    """
    body = _BODIES[item.kind](item)
    stem = _cloze_stem(item) if item.kind == CLOZE else stem_html(item)
    return (
        f'  <question type="{_TYPES[item.kind]}">\n'
        f"    <name><text>{escape(item.id)}</text></name>\n"
        f"    {_rich('questiontext', stem)}\n"
        f"    {_rich('generalfeedback', to_html(item.explanation))}\n"
        "    <defaultgrade>1</defaultgrade>\n    <penalty>0.3333333</penalty>\n    <hidden>0</hidden>\n"
        f"    <idnumber>{escape(short_id(item))}</idnumber>\n"
        f"{''.join(f'    {line}{chr(10)}' for line in body)}"
        f"    <tags><tag><text>{escape(item.level)}</text></tag></tags>\n"
        "  </question>\n"
    )


def _rich(tag: str, content: str, attributes: str = "") -> str:
    return f'<{tag}{attributes} format="html"><text>{escape(content)}</text></{tag}>'


def _answer(fraction: str, text: str, feedback: str = "", more: str = "", form: str = "moodle_auto_format") -> str:
    return (
        f'<answer fraction="{fraction}" format="{form}"><text>{escape(text)}</text>'
        f"{_rich('feedback', to_inline(feedback))}{more}</answer>"
    )


def _choice(item: Item) -> list[str]:
    many = item.kind == MULTIPLE
    right = share(item) if many else "100"
    wrong = f"-{right}" if many else "0"
    return [
        f"<single>{'false' if many else 'true'}</single>",
        "<shuffleanswers>false</shuffleanswers>",
        "<answernumbering>abc</answernumbering>",
        *(
            _answer(right if o.correct else wrong, to_inline(o.text), o.feedback, form="html")
            for o in item.options
        ),
    ]  # fmt: skip


def _numeric(item: Item) -> list[str]:
    assert item.number is not None
    reach = f"<tolerance>{decimal_text(item.number.reach)}</tolerance>"
    lines = [_answer("100", decimal_text(item.number.value), more=reach)]
    # Moodle takes the first answer that fits, so the key stands first.
    lines += [_answer("0", decimal_text(s.value), s.feedback, reach) for s in item.number.slips]
    unit = one_line(item.number.unit)
    if unit:
        lines.append(f"<units><unit><multiplier>1</multiplier><unit_name>{escape(unit)}</unit_name></unit></units>")
    return [*lines, "<unitgradingtype>0</unitgradingtype>", f"<showunits>{0 if unit else 3}</showunits>"]


def literal(form: str) -> str:
    """An accepted form in which a star is a star and not "anything"."""
    return form.replace("*", r"\*")


def _typed(item: Item) -> list[str]:
    exact = f"<usecase>{int(item.kind == CODE)}</usecase>"
    return [exact, *(_answer("100", literal(form)) for form in distinct_forms(item.accepted))]


def _matching(item: Item) -> list[str]:
    rights = plain_rights(item)
    if len(rights) < FEWEST_RIGHTS:
        raise UnfitError(f"Moodle's matching needs at least {FEWEST_RIGHTS} different right sides, not {len(rights)}")
    pairs = [(to_inline(p.left), rights[p.right]) for p in item.pairs]
    pairs += [("", rights[right]) for right in item.extra]
    lines = [
        f'<subquestion format="html"><text>{escape(left)}</text>'
        f"<answer><text>{escape(right)}</text></answer></subquestion>"
        for left, right in pairs
    ]
    return ["<shuffleanswers>true</shuffleanswers>", *lines]


def _ordering(item: Item) -> list[str]:
    settings = {
        "layouttype": "VERTICAL",
        "selecttype": "ALL",
        "selectcount": "0",
        "gradingtype": "LONGEST_ORDERED_SUBSET",
        "showgrading": "SHOW",
        "numberingstyle": "none",
    }
    steps = [_answer(str(i), to_inline(step), form="html") for i, step in enumerate(item.steps, 1)]
    return [*(f"<{name}>{value}</{name}>" for name, value in settings.items()), *steps]


def _cloze_stem(item: Item) -> str:
    def gap(index: int) -> str:
        return "{1:SHORTANSWER:" + "~".join(f"={_cloze_form(form)}" for form in distinct_forms(item.gaps[index])) + "}"

    # A brace of the text itself must not look like the start of a gap.
    parts = fill_gaps(item, lambda index: f"\0{index}\0").replace("{", "&#123;").split("\0")
    return "".join(gap(int(part)) if i % 2 else part for i, part in enumerate(parts))


def _cloze_form(form: str) -> str:
    # Moodle decodes the entities and then takes \} and \# for } and #.
    text = literal(form).replace(r"\}", r"\\}").replace(r"\#", r"\\#")
    return "".join(c if c.isalnum() or c == " " or ord(c) > 127 else f"&#{ord(c)};" for c in text)


def _cloze(item: Item) -> list[str]:
    return []


_BODIES = {
    SINGLE: _choice,
    MULTIPLE: _choice,
    NUMERIC: _numeric,
    SHORT: _typed,
    CODE: _typed,
    MATCHING: _matching,
    ORDERING: _ordering,
    CLOZE: _cloze,
}
