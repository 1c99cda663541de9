"""QTI 1.2 in a ZIP file, as Canvas reads it.

Canvas never minds capitals in typed answers and has no ordering.  It marks a choice of many by its own rule, right
choices minus wrong ones; what the file itself says is all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from question_bank.interchange.outcome import Exported, UnfitError
from question_bank.interchange.shape import (
    archive,
    bounds,
    decimal_text,
    distinct_forms,
    each,
    fill_gaps,
    plain_rights,
    shuffled,
    stem_html,
    without_case,
)
from question_bank.interchange.text import escape, to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item, digest

_TYPES = {
    SINGLE: "multiple_choice_question",
    MULTIPLE: "multiple_answers_question",
    NUMERIC: "numerical_question",
    SHORT: "short_answer_question",
    CODE: "short_answer_question",
    MATCHING: "matching_question",
    CLOZE: "fill_in_multiple_blanks_question",
}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def export(items: Sequence[Item], title: str) -> Exported:
    """A ZIP file with one quiz in which every item stands once."""
    written, refused = each(items, question)
    name = f"quiz_{digest(title, *(item.id for item, _ in written), length=16)}"
    quiz = (
        f'{_HEAD}<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2" {_XSI} '
        'xsi:schemaLocation="http://www.imsglobal.org/xsd/ims_qtiasiv1p2 '
        'http://www.imsglobal.org/xsd/ims_qtiasiv1p2p1.xsd">\n'
        f'<assessment ident="{name}" title="{escape(title)}">\n<section ident="root_section">\n'
        f"{''.join(text for _, text in written)}</section>\n</assessment>\n</questestinterop>\n"
    )
    return Exported(archive({"imsmanifest.xml": _manifest(name, title), f"{name}/{name}.xml": quiz}), refused)


def _manifest(name: str, title: str) -> str:
    return (
        f'{_HEAD}<manifest identifier="manifest_{name}" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1" '
        f'xmlns:imsmd="http://www.imsglobal.org/xsd/imsmd_v1p2" {_XSI}>\n'
        "<metadata><schema>IMS Content</schema><schemaversion>1.1.3</schemaversion><imsmd:lom><imsmd:general>"
        f"<imsmd:title><imsmd:string>{escape(title)}</imsmd:string></imsmd:title></imsmd:general></imsmd:lom></metadata>\n"
        f'<organizations/>\n<resources>\n<resource identifier="{name}" type="imsqti_xmlv1p2">'
        f'<file href="{name}/{name}.xml"/></resource>\n</resources>\n</manifest>\n'
    )


def question(item: Item) -> str:
    """One ``<item>`` element.

    Raises:
      UnfitError: Canvas cannot hold the item.
    """
    item = without_case(item)
    if item.kind == ORDERING:
        raise UnfitError("QTI 1.2 as Canvas reads it has no ordering questions")
    presentation, conditions, feedback = _BODIES[item.kind](item)
    if item.explanation.strip():
        feedback = {"general_fb": to_html(item.explanation), **feedback}
        conditions = [_condition("<other/>", show="general_fb", go_on=True), *conditions]
    fields = {
        "question_type": _TYPES[item.kind],
        "points_possible": "1.0",
        "assessment_question_identifierref": item.id,
    }
    meta = "".join(
        f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{escape(entry)}</fieldentry></qtimetadatafield>"
        for label, entry in fields.items()
    )
    notes = "".join(
        f'<itemfeedback ident="{ident}"><flow_mat>{_material(text)}</flow_mat></itemfeedback>\n'
        for ident, text in feedback.items()
    )
    return (
        f'<item ident="{escape(item.id)}" title="{escape(item.id)}">\n'
        f"<itemmetadata><qtimetadata>{meta}</qtimetadata></itemmetadata>\n"
        f"<presentation>{presentation}</presentation>\n"
        '<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>\n'
        f"{''.join(conditions)}</resprocessing>\n{notes}</item>\n"
    )


_Body = tuple[str, list[str], dict[str, str]]  # presentation, conditions, feedback by name


def _material(content: str) -> str:
    return f'<material><mattext texttype="text/html">{escape(content)}</mattext></material>'


def _label(ident: str, content: str, kind: str = "text/html") -> str:
    return (
        f'<response_label ident="{ident}"><material><mattext texttype="{kind}">{escape(content)}</mattext></material>'
        "</response_label>"
    )


def _equal(response: str, value: str) -> str:
    return f'<varequal respident="{response}">{escape(value)}</varequal>'


def _condition(test: str, score: str = "", show: str = "", go_on: bool = False, action: str = "Set") -> str:
    then = f'<setvar action="{action}" varname="SCORE">{score}</setvar>' if score else ""
    then += f'<displayfeedback feedbacktype="Response" linkrefid="{show}"/>' if show else ""
    more = "Yes" if go_on else "No"
    return f'<respcondition continue="{more}"><conditionvar>{test}</conditionvar>{then}</respcondition>\n'


def _choice(item: Item) -> _Body:
    names = [f"option_{i}" for i in range(1, len(item.options) + 1)]
    labels = "".join(_label(name, to_inline(o.text)) for name, o in zip(names, item.options, strict=True))
    many = item.kind == MULTIPLE
    presentation = (
        f"{_material(stem_html(item))}"
        f'<response_lid ident="response1" rcardinality="{"Multiple" if many else "Single"}">'
        f"<render_choice>{labels}</render_choice></response_lid>"
    )
    feedback = {f"{n}_fb": to_html(o.feedback) for n, o in zip(names, item.options, strict=True) if o.feedback.strip()}
    conditions = [
        _condition(_equal("response1", n), show=f"{n}_fb", go_on=True) for n in names if f"{n}_fb" in feedback
    ]
    tests = [
        _equal("response1", n) if o.correct else f"<not>{_equal('response1', n)}</not>" if many else ""
        for n, o in zip(names, item.options, strict=True)
    ]
    test = f"<and>{''.join(tests)}</and>" if many else "".join(tests)
    return presentation, [*conditions, _condition(test, "100")], feedback


def _field(item: Item, kind: str = "") -> str:
    return (
        f'{_material(stem_html(item))}<response_str ident="response1" rcardinality="Single"><render_fib{kind}>'
        '<response_label ident="answer1" rshuffle="No"/></render_fib></response_str>'
    )


def _numeric(item: Item) -> _Body:
    assert item.number is not None
    low, high = bounds(item.number)
    at_least = f'<vargte respident="response1">{decimal_text(low)}</vargte>'
    at_most = f'<varlte respident="response1">{decimal_text(high)}</varlte>'
    test = f"<or>{_equal('response1', decimal_text(item.number.value))}<and>{at_least}{at_most}</and></or>"
    return _field(item, ' fibtype="Decimal"'), [_condition(test, "100")], {}


def _typed(item: Item) -> _Body:
    tests = "".join(_equal("response1", form) for form in distinct_forms(item.accepted))
    return _field(item), [_condition(tests if tests.count("<varequal") == 1 else f"<or>{tests}</or>", "100")], {}


def _part(count: int) -> str:
    return f"{100 / count:.2f}"


def _matching(item: Item) -> _Body:
    shown = plain_rights(item)
    names = {right: f"right_{i}" for i, right in enumerate(shuffled(shown, item.id), 1)}
    labels = "".join(_label(name, shown[right], "text/plain") for right, name in names.items())
    lids, conditions = [], []
    for i, pair in enumerate(item.pairs, 1):
        lids.append(
            f'<response_lid ident="response_left_{i}">{_material(to_inline(pair.left))}'
            f"<render_choice>{labels}</render_choice></response_lid>"
        )
        test = _equal(f"response_left_{i}", names[pair.right])
        conditions.append(_condition(test, _part(len(item.pairs)), go_on=True, action="Add"))
    return _material(stem_html(item)) + "".join(lids), conditions, {}


def _cloze(item: Item) -> _Body:
    prefix = "gap"
    while f"[{prefix}" in item.stem:  # brackets of the text itself must not look like a gap
        prefix += "x"
    stem = fill_gaps(item, lambda index: f"[{prefix}{index + 1}]")
    lids, conditions = [], []
    for i, accepted in enumerate(item.gaps, 1):
        lines = distinct_forms(accepted)
        labels = "".join(_label(f"gap{i}_form{j}", form, "text/plain") for j, form in enumerate(lines, 1))
        lids.append(
            f'<response_lid ident="response_{prefix}{i}">{_material(f"{prefix}{i}")}'
            f"<render_choice>{labels}</render_choice></response_lid>"
        )
        for j in range(1, len(lines) + 1):
            test = _equal(f"response_{prefix}{i}", f"gap{i}_form{j}")
            conditions.append(_condition(test, _part(len(item.gaps)), go_on=True, action="Add"))
    return _material(stem) + "".join(lids), conditions, {}


_BODIES = {
    SINGLE: _choice,
    MULTIPLE: _choice,
    NUMERIC: _numeric,
    SHORT: _typed,
    CODE: _typed,
    MATCHING: _matching,
    CLOZE: _cloze,
}
