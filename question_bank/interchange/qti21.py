"""QTI 2.1: a ZIP file with one XML file for each item, a test that holds them all, and a manifest.

Every kind has its own interaction.  Choices of many, matching and gaps are worth their share; an order all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from question_bank.interchange.outcome import Exported
from question_bank.interchange.shape import (
    archive,
    around,
    bounds,
    decimal_text,
    distinct_forms,
    each,
    fill_gaps,
    shuffled,
    stem_html,
)
from question_bank.interchange.text import escape, to_html, to_inline
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item, Slip, digest

_SPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_EXPLANATION = "explanation"  # name of the feedback that everyone sees

_Body = tuple[str, str, str, dict[str, str]]  # declarations, item body, response processing, feedback by name


def export(items: Sequence[Item], title: str) -> Exported:
    """A ZIP file with a package of items, in the order given."""
    written, refused = each(items, question)
    files = {"imsmanifest.xml": _manifest([item for item, _ in written], title)}
    files["test.xml"] = _test([item for item, _ in written], title)
    files.update({f"items/{_name(item)}.xml": text for item, text in written})
    return Exported(archive(files), refused)


def _name(item: Item) -> str:
    return f"item-{item.id}"  # an XML name starts with a letter


def _manifest(items: Sequence[Item], title: str) -> str:
    resources = "".join(
        f'<resource identifier="{_name(i)}" type="imsqti_item_xmlv2p1" href="items/{_name(i)}.xml">'
        f'<file href="items/{_name(i)}.xml"/></resource>\n'
        for i in items
    )
    needs = "".join(f'<dependency identifierref="{_name(i)}"/>' for i in items)
    return (
        f'{_HEAD}<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" {_XSI} '
        f'identifier="manifest-{digest(title, *(i.id for i in items))}">\n'
        "<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>\n<organizations/>\n"
        f'<resources>\n<resource identifier="test" type="imsqti_test_xmlv2p1" href="test.xml"><file href="test.xml"/>'
        f"{needs}</resource>\n{resources}</resources>\n</manifest>\n"
    )


def _test(items: Sequence[Item], title: str) -> str:
    references = "".join(
        f'<assessmentItemRef identifier="{_name(i)}" href="items/{_name(i)}.xml" fixed="false"/>\n' for i in items
    )
    return (
        f'{_HEAD}<assessmentTest xmlns="{_SPACE}" {_XSI} identifier="test" title="{escape(title)}">\n'
        '<testPart identifier="part" navigationMode="nonlinear" submissionMode="simultaneous">\n'
        f'<assessmentSection identifier="section" title="{escape(title)}" visible="true">\n{references}'
        "</assessmentSection>\n</testPart>\n</assessmentTest>\n"
    )


def question(item: Item) -> str:
    """One ``<assessmentItem>`` file.

    Raises:
      UnfitError: A gap stands where no field can be put.
    """
    declarations, body, processing, feedback = _BODIES[item.kind](item)
    if item.explanation.strip():
        feedback = {**feedback, _EXPLANATION: to_html(item.explanation)}
    shown = "".join(
        f'<modalFeedback outcomeIdentifier="FEEDBACK" showHide="show" identifier="{name}">{text}</modalFeedback>\n'
        for name, text in feedback.items()
    )
    return (
        f'{_HEAD}<assessmentItem xmlns="{_SPACE}" {_XSI} xsi:schemaLocation="{_SPACE} {_SPACE}.xsd" '
        f'identifier="{_name(item)}" title="{escape(item.id)}" adaptive="false" timeDependent="false">\n'
        f"{declarations}"
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="1">'
        "<defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n"
        '<outcomeDeclaration identifier="FEEDBACK" cardinality="multiple" baseType="identifier"/>\n'
        f"<itemBody>{body}</itemBody>\n"
        f"<responseProcessing>\n{processing}</responseProcessing>\n{shown}</assessmentItem>\n"
    )


def _declare(name: str, cardinality: str, base: str, correct: Sequence[str], mapping: str = "") -> str:
    values = "".join(f"<value>{escape(value)}</value>" for value in correct)
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{base}">'
        f"<correctResponse>{values}</correctResponse>{mapping}</responseDeclaration>\n"
    )


def _mapping(values: dict[str, int], highest: int, exact: bool = True) -> str:
    case = "" if exact else ' caseSensitive="false"'
    entries = "".join(f'<mapEntry mapKey="{escape(k)}" mappedValue="{v}"{case}/>' for k, v in values.items())
    return f'<mapping defaultValue="0" lowerBound="0" upperBound="{highest}">{entries}</mapping>'


def _set(name: str, value: str) -> str:
    return f'<setOutcomeValue identifier="{name}">{value}</setOutcomeValue>'


def _base(kind: str, value: str) -> str:
    return f'<baseValue baseType="{kind}">{value}</baseValue>'


def _share(names: Sequence[str], count: int) -> str:
    """Set the score to what the responses ``names`` are worth together, over ``count``."""
    worth = "".join(f'<mapResponse identifier="{name}"/>' for name in names)
    return _set("SCORE", f"<divide><sum>{worth}</sum>{_base('float', str(count))}</divide>") + "\n"


def _when(test: str, then: str) -> str:
    return f"<responseCondition><responseIf>{test}{then}</responseIf></responseCondition>\n"


def _matches(name: str) -> str:
    return f'<match><variable identifier="{name}"/><correct identifier="{name}"/></match>'


def _say(item: Item, chosen: str = "") -> str:
    """Show the explanation, and the feedback that the identifiers in ``chosen`` name."""
    always = _base("identifier", _EXPLANATION) if item.explanation.strip() else ""
    return _set("FEEDBACK", f"<multiple>{chosen}{always}</multiple>") + "\n" if chosen or always else ""


def _choice(item: Item) -> _Body:
    names = [f"option_{i}" for i in range(1, len(item.options) + 1)]
    pairs = list(zip(names, item.options, strict=True))
    choices = "".join(
        f'<simpleChoice identifier="{name}" fixed="true">{to_inline(option.text)}</simpleChoice>'
        for name, option in pairs
    )
    many = item.kind == MULTIPLE
    right = [name for name, option in pairs if option.correct]
    worth = {name: 1 if option.correct else -1 for name, option in pairs}
    declaration = _declare(
        "RESPONSE",
        "multiple" if many else "single",
        "identifier",
        right,
        _mapping(worth, len(right)) if many else "",
    )
    body = (
        f"{stem_html(item)}"
        f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="{0 if many else 1}">'
        f"{choices}</choiceInteraction>"
    )
    score = (
        _share(["RESPONSE"], len(right)) if many else _when(_matches("RESPONSE"), _set("SCORE", _base("float", "1")))
    )
    feedback = {name: to_html(option.feedback) for name, option in pairs if option.feedback.strip()}
    return declaration, body, score + _say(item, '<variable identifier="RESPONSE"/>'), feedback


def _within(low: float, high: float) -> str:
    value = '<variable identifier="RESPONSE"/>'
    at_least = f"<gte>{value}{_base('float', decimal_text(low))}</gte>"
    at_most = f"<lte>{value}{_base('float', decimal_text(high))}</lte>"
    return f"<and>{at_least}{at_most}</and>"


def _numeric(item: Item) -> _Body:
    assert item.number is not None
    key = item.number
    unit = f" {escape(key.unit)}" if key.unit else ""
    body = f'{stem_html(item)}<p><textEntryInteraction responseIdentifier="RESPONSE" expectedLength="12"/>{unit}</p>'
    with_feedback: list[tuple[str, Slip]] = [
        (f"slip_{i}", slip) for i, slip in enumerate(key.slips, 1) if slip.feedback.strip()
    ]
    right = _within(*bounds(key))
    branches = [(right, _set("SCORE", _base("float", "1")) + _say(item))]
    branches += [
        (_within(*around(slip.value, key.reach)), _say(item, _base("identifier", name))) for name, slip in with_feedback
    ]
    steps = "".join(
        f"<{tag}>{test}{then}</{tag}>"
        for tag, (test, then) in zip(["responseIf"] + ["responseElseIf"] * len(with_feedback), branches, strict=True)
    )
    otherwise = f"<responseElse>{_say(item)}</responseElse>" if _say(item) else ""
    processing = f"<responseCondition>{steps}{otherwise}</responseCondition>\n"
    declaration = _declare("RESPONSE", "single", "float", [decimal_text(key.value)])
    return declaration, body, processing, {name: to_html(slip.feedback) for name, slip in with_feedback}


def _text(name: str, accepted: Sequence[str], exact: bool) -> str:
    lines = distinct_forms(accepted)
    different = lines if exact else tuple({line.casefold(): line for line in reversed(lines)}.values())
    return _declare(name, "single", "string", lines[:1], _mapping(dict.fromkeys(different, 1), 1, exact))


def _typed(item: Item) -> _Body:
    declaration = _text("RESPONSE", item.accepted, item.kind == CODE)
    body = f'{stem_html(item)}<p><textEntryInteraction responseIdentifier="RESPONSE" expectedLength="30"/></p>'
    return declaration, body, _share(["RESPONSE"], 1) + _say(item), {}


def _matching(item: Item) -> _Body:
    rights = shuffled(dict.fromkeys((*(p.right for p in item.pairs), *item.extra)), item.id)
    names = {right: f"right_{i}" for i, right in enumerate(rights, 1)}
    pairs = [f"left_{i} {names[pair.right]}" for i, pair in enumerate(item.pairs, 1)]
    left = "".join(
        f'<simpleAssociableChoice identifier="left_{i}" matchMax="1">{to_inline(pair.left)}</simpleAssociableChoice>'
        for i, pair in enumerate(item.pairs, 1)
    )
    right = "".join(
        f'<simpleAssociableChoice identifier="{name}" matchMax="0">{to_inline(text)}</simpleAssociableChoice>'
        for text, name in names.items()
    )
    declaration = _declare("RESPONSE", "multiple", "directedPair", pairs, _mapping(dict.fromkeys(pairs, 1), len(pairs)))
    body = (
        f'{stem_html(item)}<matchInteraction responseIdentifier="RESPONSE" shuffle="false" '
        f'maxAssociations="{len(pairs)}"><simpleMatchSet>{left}</simpleMatchSet>'
        f"<simpleMatchSet>{right}</simpleMatchSet></matchInteraction>"
    )
    return declaration, body, _share(["RESPONSE"], len(pairs)) + _say(item), {}


def _ordering(item: Item) -> _Body:
    mixed = shuffled(item.steps, item.id)
    names = {step: f"step_{i}" for i, step in enumerate(mixed, 1)}
    steps = "".join(f'<simpleChoice identifier="{names[step]}">{to_inline(step)}</simpleChoice>' for step in mixed)
    declaration = _declare("RESPONSE", "ordered", "identifier", [names[step] for step in item.steps])
    body = (
        f'{stem_html(item)}<orderInteraction responseIdentifier="RESPONSE" shuffle="false">{steps}</orderInteraction>'
    )
    return declaration, body, _when(_matches("RESPONSE"), _set("SCORE", _base("float", "1"))) + _say(item), {}


def _cloze(item: Item) -> _Body:
    names = [f"RESPONSE_{i}" for i in range(1, len(item.gaps) + 1)]
    declarations = "".join(_text(name, gap, exact=False) for name, gap in zip(names, item.gaps, strict=True))
    body = fill_gaps(item, lambda i: f'<textEntryInteraction responseIdentifier="{names[i]}" expectedLength="20"/>')
    return declarations, body, _share(names, len(names)) + _say(item), {}


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
