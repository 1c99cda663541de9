"""Moodle XML read into items; a question that an item cannot be true to is left out with the reason."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from question_bank.interchange.markup import read_auto, read_html
from question_bank.interchange.outcome import LONGEST_TEXT, Imported, Problem, UnreadError, draft, gather, sound
from question_bank.interchange.reading import check_weights, last_step, real, split_code, starless
from question_bank.interchange.text import canonical, from_plain, one_line
from question_bank.interchange.xmltree import Node, children
from question_bank.item import (
    CLOZE,
    CODE,
    LEVELS,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    ORDERING,
    SHORT,
    SINGLE,
    Item,
    Number,
    Option,
    Pair,
    Slip,
)

_GAP_START = re.compile(r"\{([0-9]*):([A-Z_]+):")
_GAP_TYPES = frozenset(["SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"])
_FORM_END = re.compile(r"(?<!\\)(?<!&)(?<!&amp;)[~#}]")


def read(data: bytes, topic: str = "") -> Imported:
    """The items of a Moodle XML file.

    Args:
      topic: Files every item there, whatever category it is in.
    """
    nodes, problems = children(data, "quiz")
    results: list[Item | Problem] = list(problems)
    category = ""
    for node in nodes:
        if node.name != "question":
            continue
        if node.attributes.get("type") == "category":
            category = last_step(node.value("category", "text"))
            continue
        try:
            results.append(sound(_question(node), topic or category))
        except UnreadError as why:
            name = one_line(node.value("name", "text"))[:60]
            results.append(Problem(why.line or node.line, f"question {name!r}: {why}" if name else str(why)))
    return gather(results)


def _question(node: Node) -> Item:
    kind = node.attributes.get("type", "")
    if kind not in _READERS:
        raise UnreadError(f"expected one of {', '.join(sorted(_READERS))}, not type {kind!r}")
    if node.first("questiontext") is None:
        raise UnreadError("expected <questiontext>")
    if sum(len(n.text) for n in _everything(node)) > LONGEST_TEXT:
        raise UnreadError(f"expected a question of at most {LONGEST_TEXT:,} characters")
    tags = [one_line(tag.value("text")) for tags in node.all("tags") for tag in tags.all("tag")]
    level = next((tag for tag in tags if tag in LEVELS), "remember")
    explanation = _text(node.first("generalfeedback"))
    return _READERS[kind](node, explanation, level)


def _everything(node: Node) -> list[Node]:
    return [node, *(deeper for child in node.children for deeper in _everything(child))]


def _text(node: Node | None) -> str:
    """Our text for an element that holds <text> in the format it names."""
    if node is None:
        return ""
    raw = node.value("text")
    form = node.attributes.get("format", "html")
    try:
        if form == "markdown":
            return canonical(raw)
        if form == "plain_text":
            return from_plain(raw)
        return read_html(raw) if form == "html" else read_auto(raw)
    except UnreadError as why:
        raise UnreadError(str(why), node.line) from why


def _stem(node: Node) -> tuple[str, str]:
    """The stem, and the Python shown under it."""
    text = node.first("questiontext")
    if text is not None and text.attributes.get("format", "html") == "html":
        return split_code(text.value("text"), text.line)
    return _text(text), ""


def _choice(node: Node, explanation: str, level: str) -> Item:
    single = node.value("single") not in ("false", "0")
    options = []
    weights = []
    for answer in node.all("answer"):
        weight = _fraction(answer)
        weights.append(weight)
        feedback = _text(answer.first("feedback"))
        options.append(Option(_option(answer), weight > 0, feedback))
    check_weights(single, weights)
    stem, code = _stem(node)
    kind = SINGLE if single else MULTIPLE
    return draft(kind, stem, explanation, level, options=tuple(options), code=code)


def _option(answer: Node) -> str:
    # Moodle writes answers of a choice with format "html"; older files say nothing and mean the same.
    return _text(Node("answer", {"format": "html", **answer.attributes}, answer.line, answer.children))


def _fraction(answer: Node) -> float:
    text = answer.attributes.get("fraction", "")
    try:
        return float(text)
    except ValueError as error:
        raise UnreadError(f'expected fraction="…" with a number, not {text!r}', answer.line) from error


def _true_false(node: Node, explanation: str, level: str) -> Item:
    options = []
    for answer in node.all("answer"):
        word = answer.value("text").casefold()
        if word not in ("true", "false"):
            raise UnreadError(f"expected true or false, not {word!r}", answer.line)
        options.append(Option(word.capitalize(), _fraction(answer) > 0, _text(answer.first("feedback"))))
    stem, code = _stem(node)
    return draft(SINGLE, stem, explanation, level, options=tuple(options), code=code)


def _typed(node: Node, explanation: str, level: str) -> Item:
    accepted = []
    for answer in node.all("answer"):
        weight, text = _fraction(answer), answer.value("text")
        if 0 < weight < 99.99:
            raise UnreadError(f"expected answers worth 100 % or nothing, not {weight:g} %", answer.line)
        if weight > 0:
            accepted.append(starless(text, answer.line))
    stem, code = _stem(node)
    exact = node.value("usecase") == "1"
    kind = CODE if code and exact else SHORT
    if kind == SHORT and code:
        stem, code = _text(node.first("questiontext")), ""
    return draft(kind, stem, explanation, level, accepted=tuple(dict.fromkeys(accepted)), code=code)


def _numeric(node: Node, explanation: str, level: str) -> Item:
    keys, slips = [], []
    for answer in node.all("answer"):
        weight, text = _fraction(answer), answer.value("text")
        if text == "*" and weight <= 0:
            continue
        if 0 < weight < 99.99:
            raise UnreadError(f"expected answers worth 100 % or nothing, not {weight:g} %", answer.line)
        value = real(text, answer.line)
        if weight > 0:
            keys.append((value, real(answer.value("tolerance") or "0", answer.line)))
        else:
            slips.append(Slip(value, _text(answer.first("feedback"))))
    if len(keys) != 1:
        raise UnreadError(f"expected one number worth 100 %, not {len(keys)}")
    units = [one_line(unit.value("unit_name")) for part in node.all("units") for unit in part.all("unit")]
    stem, code = _stem(node)
    key = Number(keys[0][0], keys[0][1], units[0] if units else "", tuple(slips))
    return draft(NUMERIC, stem, explanation, level, number=key, code=code)


def _matching(node: Node, explanation: str, level: str) -> Item:
    pairs, extra = [], []
    for part in node.all("subquestion"):
        left, right = _text(part), from_plain(part.value("answer", "text"))
        if left and right:
            pairs.append(Pair(left, right))
        elif right:
            extra.append(right)
        else:
            raise UnreadError("expected a right side, in <answer><text>", part.line)
    rights = {pair.right for pair in pairs}
    return _with_fence(MATCHING, node, explanation, level, pairs=tuple(pairs), extra=_others(extra, rights))


def _others(extra: list[str], rights: set[str]) -> tuple[str, ...]:
    return tuple(right for right in dict.fromkeys(extra) if right not in rights)


def _ordering(node: Node, explanation: str, level: str) -> Item:
    steps = tuple(_option(answer) for answer in node.all("answer"))
    return _with_fence(ORDERING, node, explanation, level, steps=steps)


def _with_fence(kind: str, node: Node, explanation: str, level: str, **fields: object) -> Item:
    """A kind that has no code of its own: a code block stays in the stem."""
    return draft(kind, _text(node.first("questiontext")), explanation, level, **fields)


def _cloze(node: Node, explanation: str, level: str) -> Item:
    holder = node.first("questiontext")
    assert holder is not None
    source, parts, gaps, end = holder.value("text"), [], [], 0
    while start := _GAP_START.search(source, end):
        if start[2] not in _GAP_TYPES:
            raise UnreadError(f"expected gaps of type SHORTANSWER, not {start[2]}", holder.line)
        accepted, after = _gap(source, start.end(), holder.line)
        gaps.append(accepted)
        parts += [source[end : start.start()], f"&#123;{len(gaps)}&#125;"]
        end = after
    try:
        stem = read_html("".join([*parts, source[end:]]))
    except UnreadError as why:
        raise UnreadError(str(why), holder.line) from why
    return draft(CLOZE, stem, explanation, level, gaps=tuple(gaps))


def _gap(source: str, at: int, line: int) -> tuple[tuple[str, ...], int]:
    """The accepted forms of the gap whose answers start at ``at``, and where the gap ends."""
    accepted: list[str] = []
    while True:
        stop = _FORM_END.search(source, at)
        if stop is None:
            raise UnreadError("expected } at the end of a gap", line)
        body = source[at : stop.start()]
        match = re.match(r"=|%(-?[0-9.,]+)%", body)
        weight = 0.0 if not match else 100.0 if match[0] == "=" else real(match[1].replace(",", "."), line)
        if 0 < weight < 99.99:
            raise UnreadError(f"expected answers in a gap worth 100 % or nothing, not {weight:g} %", line)
        if weight > 0 and match:
            form = html.unescape(body[match.end() :]).replace(r"\}", "}").replace(r"\#", "#")
            accepted.append(starless(form, line))
        if stop[0] == "#":  # feedback of an answer
            stop = re.compile(r"(?<!\\)[~}]").search(source, stop.end())
            if stop is None:
                raise UnreadError("expected } at the end of a gap", line)
        at = stop.end()
        if stop[0] == "}":
            return tuple(dict.fromkeys(accepted)), at


_READERS: dict[str, Callable[[Node, str, str], Item]] = {
    "multichoice": _choice,
    "truefalse": _true_false,
    "shortanswer": _typed,
    "numerical": _numeric,
    "matching": _matching,
    "ordering": _ordering,
    "cloze": _cloze,
}
