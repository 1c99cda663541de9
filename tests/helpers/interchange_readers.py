"""Readers of exported files, written from the descriptions of the formats and not from our exports.

Each turns a file into questions by name, and marks a response the way the program in question does.
"""

from __future__ import annotations

import html
import io
import itertools
import json
import re
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

Element = ElementTree.Element


_BREAKS = ("br", "p", "pre", "li", "div")  # elements that begin a new line


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BREAKS:
            self.parts.append(" ")


def visible(source: str) -> str:
    """What a browser shows of some HTML, on one line."""
    reader = _Visible()
    reader.feed(source)
    reader.close()
    return " ".join("".join(reader.parts).split())


@dataclass
class Question:
    kind: str
    stem: str = ""
    note: str = ""
    answers: list[tuple[str, float, str]] = field(default_factory=list)  # text, share, feedback
    reaches: list[float] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    case: bool = False
    gaps: list[list[str]] = field(default_factory=list)
    single: bool = True
    category: str = ""


# Moodle XML and GIFT: what Moodle makes of an answer.


def moodle_mark(question: Question, response: object) -> float:
    if question.kind == "multichoice":
        chosen = {response} if isinstance(response, int) else set(response)  # type: ignore[call-overload]
        if question.single and len(chosen) > 1:
            return 0.0
        return min(1.0, max(0.0, sum(question.answers[i][1] for i in chosen)))
    if question.kind == "numerical":
        try:
            value = float(str(response))
        except ValueError:
            return 0.0
        for (text, share, _), reach in zip(question.answers, question.reaches, strict=True):
            key = float(text)
            if abs(value - key) <= reach + 1e-12 + abs(key) * 1e-12:
                return share
        return 0.0
    if question.kind == "shortanswer":
        return max(
            [share for text, share, _ in question.answers if _wild(str(response), text, question.case)], default=0
        )
    if question.kind == "matching":
        given = list(response)  # type: ignore[call-overload]
        asked = [pair for pair in question.pairs if pair[0]]
        return sum(a == right for a, (_, right) in zip(given, asked, strict=True)) / len(asked)
    if question.kind == "cloze":
        given = list(response)  # type: ignore[call-overload]
        return sum(
            any(_wild(a, form, False) for form in gap) for a, gap in zip(given, question.gaps, strict=True)
        ) / len(given)
    raise AssertionError(question.kind)


def _wild(given: str, pattern: str, case: bool) -> bool:
    """Moodle's short answer: a star stands for anything unless a backslash stands before it."""
    pieces = [re.escape(piece.replace(r"\*", "*")) for piece in re.split(r"(?<!\\)\*", pattern)]
    return bool(re.fullmatch(".*".join(pieces), given.strip(), 0 if case else re.IGNORECASE))


def moodle_xml(data: bytes) -> dict[str, Question]:
    found: dict[str, Question] = {}
    category = ""
    for node in ElementTree.fromstring(data).iter("question"):
        kind = node.get("type", "")
        if kind == "category":
            category = node.findtext("category/text", "")
            continue
        stem = node.findtext("questiontext/text", "")
        question = Question(kind, stem, node.findtext("generalfeedback/text", ""), category=category)
        for answer in node.findall("answer"):
            share = float(answer.get("fraction", "nan")) / 100
            question.answers.append((answer.findtext("text", ""), share, answer.findtext("feedback/text", "")))
            question.reaches.append(float(answer.findtext("tolerance", "0")))
        for sub in node.findall("subquestion"):
            question.pairs.append((sub.findtext("text", ""), sub.findtext("answer/text", "")))
        question.single = node.findtext("single", "true") == "true"
        question.case = node.findtext("usecase", "0") == "1"
        if kind == "cloze":
            question.gaps = _cloze(stem)
        found[node.findtext("name/text", "")] = question
    return found


# The regular expressions of question/type/multianswer, in Python's spelling.
_FORM = r".+?(?<!\\)(?<!&)(?<!&amp;)(?=[~#}]|$)"
_ONE = rf"(=|%(-?[0-9]+(?:[.,][0-9]*)?)%)?({_FORM})(#(.*?(?<!\\)(?=[~}}]|$)))?"
_GAP = re.compile(rf"\{{([0-9]*):(SHORTANSWER|SA|MW):({_ONE}(?:~{_ONE})*)\}}", re.DOTALL)


def _cloze(stem: str) -> list[list[str]]:
    gaps = []
    while found := _GAP.search(stem):
        rest, forms = found[3], []
        while rest:
            one = re.match(rf"~?{_ONE}", rest, re.DOTALL)
            assert one
            if one[1] == "=":
                forms.append(html.unescape(one[3]).replace(r"\}", "}").replace(r"\#", "#"))
            rest = rest[one.end() :]
        gaps.append(forms)
        stem = stem.replace(found[0], "", 1)
    return gaps


_PUT = {":": "&&058;", "#": "&&035;", "=": "&&061;", "{": "&&123;", "}": "&&125;", "~": "&&126;", "n": "&&010"}


def _before(text: str) -> str:
    text = text.replace("\\\\", "&&092;")
    for character, placeholder in _PUT.items():
        text = text.replace("\\" + character, placeholder)
    return text.replace("&&092;", "\\")


def _after(text: str) -> str:
    for character, placeholder in _PUT.items():
        text = text.replace(placeholder, "\n" if character == "n" else character)
    return text.strip()


def _formatted(text: str) -> str:
    text = text.strip()
    named = re.match(r"\[(html|plain|moodle|markdown)\]", text)
    return _after(text[named.end() :] if named else text)


def gift(data: bytes) -> dict[str, Question]:
    """The way of Moodle's question/format/gift: escapes become placeholders, then everything is split at signs."""
    found: dict[str, Question] = {}
    category = ""
    for block in re.split(r"\n[ \t]*\n", data.decode()):
        lines = [line for line in block.split("\n") if not line.strip().startswith("//")]
        text = _before("\n".join(lines).strip())
        if not text:
            continue
        if text.startswith("$CATEGORY:"):
            category = _after(text[10:])
            continue
        assert text.startswith("::")
        name, _, text = text[2:].partition("::")
        text = text.strip()
        start, stop = text.index("{"), text.index("}")
        answers = text[start + 1 : stop].strip()
        stem = text[:start] + ("" if text.endswith("}") else "_____") + text[stop + 1 :]
        note = ""
        if "####" in answers:
            answers, _, note = answers.rpartition("####")
            answers = answers.strip()
        question = _gift_answers(answers)
        question.stem, question.note, question.category = _formatted(stem), _formatted(note), category
        found[_after(name)] = question
    return found


def _gift_answers(answers: str) -> Question:
    if answers.startswith("#"):
        question = Question("numerical")
        for part in [p.strip() for p in answers[1:].split("=") if p.strip()]:
            share, rest = _weight(part, 1.0)
            value, _, feedback = rest.partition("#")
            key, _, reach = _formatted(value).partition(":")
            question.answers.append((key, share, _formatted(feedback)))
            question.reaches.append(float(reach or 0))
        return question
    if "~" in answers:
        question = Question("multichoice", single="=" in answers)
        for part in answers.replace("=", "~=").split("~")[1:]:
            part = part.strip()
            share, rest = (1.0, part[1:]) if part.startswith("=") else _weight(part, 0.0)
            text, _, feedback = rest.partition("#")
            question.answers.append((_formatted(text), share, _formatted(feedback)))
        return question
    if "=" in answers and "->" in answers:
        question = Question("matching")
        for part in answers.split("=")[1:]:
            left, _, right = part.partition("->")
            question.pairs.append((_formatted(left), _after(right)))
        return question
    question = Question("shortanswer")
    for part in [p.strip() for p in answers.split("=") if p.strip()]:
        share, rest = _weight(part, 1.0)
        text, _, feedback = rest.partition("#")
        question.answers.append((_formatted(text), share, _formatted(feedback)))
    return question


def _weight(part: str, otherwise: float) -> tuple[float, str]:
    found = re.match(r"^%(-*[0-9]{1,2}\.?[0-9]*)%", part)
    return (float(found[1]) / 100, part[found.end() :]) if found else (otherwise, part)


# QTI 1.2.

_Q1 = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def qti12(data: bytes) -> dict[str, Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        manifest = ElementTree.fromstring(zipped.read("imsmanifest.xml"))
        name = next(node.get("href", "") for node in manifest.iter() if node.tag.endswith("}file"))
        tree = ElementTree.fromstring(zipped.read(name))
    return {item.get("ident", ""): item for item in tree.iter(f"{_Q1}item")}


def qti12_type(item: Element) -> str:
    fields = {
        f.findtext(f"{_Q1}fieldlabel"): f.findtext(f"{_Q1}fieldentry") for f in item.iter(f"{_Q1}qtimetadatafield")
    }
    return fields["question_type"] or ""


def qti12_labels(item: Element) -> dict[str, list[tuple[str, str]]]:
    """The labels of every response, as (identifier, content)."""
    return {
        lid.get("ident", ""): [
            (label.get("ident", ""), label.findtext(f".//{_Q1}mattext", ""))
            for label in lid.iter(f"{_Q1}response_label")
        ]
        for lid in item.iter(f"{_Q1}response_lid")
    }


def qti12_run(item: Element, responses: dict[str, list[str]]) -> tuple[float, list[str]]:
    """The score from 0 to 1 and the feedback shown, by running <resprocessing> as it stands."""
    score, shown = 0.0, []
    for condition in item.iter(f"{_Q1}respcondition"):
        test = condition.find(f"{_Q1}conditionvar")
        assert test is not None
        if not all(_holds(child, responses) for child in test):
            continue
        for child in condition:
            if child.tag == f"{_Q1}setvar":
                value = float(child.text or "")
                score = score + value if child.get("action") == "Add" else value
            elif child.tag == f"{_Q1}displayfeedback":
                shown.append(child.get("linkrefid", ""))
        if condition.get("continue") == "No":
            break
    notes = {n.get("ident", ""): n.findtext(f".//{_Q1}mattext", "") for n in item.iter(f"{_Q1}itemfeedback")}
    return score / 100, [notes[name] for name in shown]


def _holds(test: Element, responses: dict[str, list[str]]) -> bool:
    name = test.tag.removeprefix(_Q1)
    if name == "other":
        return True
    if name in ("and", "or", "not"):
        results = [_holds(child, responses) for child in test]
        return {"and": all(results), "or": any(results), "not": not any(results)}[name]
    given, wanted = responses.get(test.get("respident", ""), []), test.text or ""
    if name == "varequal":  # without case="Yes" capitals do not count
        return any(g.casefold() == wanted.casefold() for g in given)
    numbers = [float(g) for g in given if re.fullmatch(r"[+-]?\d*\.?\d+(e[+-]?\d+)?", g)]
    return any(n >= float(wanted) if name == "vargte" else n <= float(wanted) for n in numbers)


# QTI 2.1.

_Q2 = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"


def qti21(data: bytes) -> dict[str, Element]:
    """The items that the test refers to; the manifest must name each of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        manifest = ElementTree.fromstring(zipped.read("imsmanifest.xml"))
        named = {node.get("href") for node in manifest.iter() if node.tag.endswith("}file")}
        assert named | {"imsmanifest.xml"} == set(zipped.namelist())
        test = ElementTree.fromstring(zipped.read("test.xml"))
        files = [ref.get("href", "") for ref in test.iter(f"{_Q2}assessmentItemRef")]
        trees = [ElementTree.fromstring(zipped.read(name)) for name in files]
    return {tree.get("title", ""): tree for tree in trees}


def qti21_choices(item: Element) -> list[tuple[str, str]]:
    choices = [*item.iter(f"{_Q2}simpleChoice"), *item.iter(f"{_Q2}simpleAssociableChoice")]
    return [(c.get("identifier", ""), " ".join(_text_with_breaks(c).split())) for c in choices]


def _text_with_breaks(element: Element) -> str:
    """The text of an element as a browser shows it, with a space where a new line begins."""
    parts = [element.text or ""]
    for child in element:
        space = " " if child.tag.rpartition("}")[2] in _BREAKS else ""
        parts += [space, _text_with_breaks(child), child.tail or ""]
    return "".join(parts)


class Qti21Run:
    """One attempt: response processing executed by the rules of the specification, for the operators that occur."""

    def __init__(self, item: Element, responses: dict[str, list[str]]) -> None:
        self.declared = {d.get("identifier", ""): d for d in item.findall(f"{_Q2}responseDeclaration")}
        self.responses = responses
        self.outcomes: dict[str, list[object]] = {"SCORE": [0.0], "FEEDBACK": []}
        body = item.find(f"{_Q2}itemBody")
        assert body is not None
        fields = {n.get("responseIdentifier") for n in body.iter() if n.get("responseIdentifier")}
        assert fields == set(self.declared)
        processing = item.find(f"{_Q2}responseProcessing")
        assert processing is not None
        for rule in processing:
            self._rule(rule)
        score = self.outcomes["SCORE"][0]
        assert isinstance(score, float)
        self.score = score
        self.shown = [
            " ".join("".join(note.itertext()).split())
            for note in item.findall(f"{_Q2}modalFeedback")
            if note.get("identifier") in self.outcomes["FEEDBACK"]
        ]

    def _rule(self, rule: Element) -> None:
        name = rule.tag.removeprefix(_Q2)
        if name == "setOutcomeValue":
            self.outcomes[rule.get("identifier", "")] = self._value(rule[0])
            return
        assert name == "responseCondition", name
        for branch in rule:
            if branch.tag == f"{_Q2}responseElse":
                inner = list(branch)
            elif self._value(branch[0]) == [True]:
                inner = list(branch)[1:]
            else:
                continue
            for one in inner:
                self._rule(one)
            return

    def _value(self, node: Element) -> list[object]:
        name = node.tag.removeprefix(_Q2)
        of = node.get("identifier", "")
        if name == "variable":
            return self._typed(of, self.responses.get(of, []))
        if name == "correct":
            return self._typed(
                of, [v.text or "" for v in self.declared[of].findall(f"{_Q2}correctResponse/{_Q2}value")]
            )
        if name == "baseValue":
            return [float(node.text or "") if node.get("baseType") == "float" else node.text]
        if name == "mapResponse":
            return [self._mapped(of)]
        inner = [self._value(child) for child in node]
        if name == "multiple":
            return list(itertools.chain(*inner))
        if name == "match":
            a, b = inner
            ordered = self.declared[node[1].get("identifier", "")].get("cardinality") == "ordered"
            return [bool(a) and (a == b if ordered else sorted(map(str, a)) == sorted(map(str, b)))]
        if name == "and":
            return [all(i == [True] for i in inner)]
        if not all(inner):
            return []  # NULL
        numbers = [i[0] for i in inner]
        assert all(isinstance(n, float) for n in numbers)
        if name == "sum":
            return [sum(numbers)]  # type: ignore[arg-type]
        a, b = numbers
        return [{"divide": lambda: a / b, "gte": lambda: a >= b, "lte": lambda: a <= b}[name]()]  # type: ignore[operator]

    def _typed(self, of: str, values: list[str]) -> list[object]:
        if self.declared[of].get("baseType") != "float":
            return list(values)
        return [float(v) for v in values if re.fullmatch(r"[+-]?\d*\.?\d+(e[+-]?\d+)?", v)]

    def _mapped(self, of: str) -> float:
        mapping = self.declared[of].find(f"{_Q2}mapping")
        assert mapping is not None
        total = 0.0
        for value in set(self.responses.get(of, [])):
            for entry in mapping.findall(f"{_Q2}mapEntry"):
                key, exact = entry.get("mapKey", ""), entry.get("caseSensitive", "true") == "true"
                if value == key or (not exact and value.casefold() == key.casefold()):
                    total += float(entry.get("mappedValue", ""))
                    break
            else:
                total += float(mapping.get("defaultValue", "0"))
        return min(float(mapping.get("upperBound", "inf")), max(float(mapping.get("lowerBound", "-inf")), total))


# Anki, jupyterquiz, paper.


def anki(data: bytes) -> list[dict[str, object]]:
    """The notes of a package: fields by name, and guid, tags, deck, with the fronts of their cards."""
    with zipfile.ZipFile(io.BytesIO(data)) as zipped, tempfile.TemporaryDirectory() as folder:
        path = Path(zipped.extract("collection.anki2", folder))
        connection = sqlite3.connect(path)
        try:
            models, decks = (json.loads(v) for v in connection.execute("select models, decks from col").fetchone())
            rows = connection.execute(
                "select guid, mid, tags, flds, did from notes join cards on cards.nid = notes.id"
            ).fetchall()
        finally:
            connection.close()
    notes = []
    for guid, model, tags, fields, deck in rows:
        names = [f["name"] for f in models[str(model)]["flds"]]
        values = dict(zip(names, fields.split("\x1f"), strict=True))
        template = models[str(model)]["tmpls"][0]
        front = re.sub(r"\{\{(\w+)\}\}", lambda m, v=values: v[m[1]], template["qfmt"])
        notes.append({**values, "guid": guid, "tags": tags.split(), "deck": decks[str(deck)]["name"], "front": front})
    return notes


def jupyterquiz_mark(question: dict[str, object], response: object) -> tuple[bool, str]:
    """Right or not, and what is said, as js/multiple_choice.js, numeric.js and string.js decide."""
    answers = question["answers"]
    assert isinstance(answers, list)
    if question["type"] in ("multiple_choice", "many_choice"):
        return answers[response]["correct"], answers[response]["feedback"]  # type: ignore[index]
    for answer in answers:
        if question["type"] == "numeric":
            value = float(str(response))
            fits = value == answer["value"] if "value" in answer else answer["range"][0] <= value < answer["range"][1]
        elif answer["match_case"]:
            fits = str(response).strip() == answer["answer"]
        else:
            fits = str(response).strip().lower() == answer["answer"].lower()
        if fits:
            return answer["correct"], answer["feedback"]
    return False, ""


@dataclass
class Part:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Part] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def all(self, tag: str, css: str = "") -> list[Part]:
        found = [c for c in self.children if c.tag == tag and (not css or css in c.attributes.get("class", "").split())]
        return found + [deeper for c in self.children for deeper in c.all(tag, css)]

    def text(self) -> str:
        return " ".join("".join(self.texts).split())


_VOID = frozenset(["meta", "br", "link", "hr", "img"])


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Part("", {})
        self.stack = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        part = Part(tag, {k: v or "" for k, v in attrs})
        self.stack[-1].children.append(part)
        if tag not in _VOID:
            self.stack.append(part)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Part(tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        for part in self.stack:
            part.texts.append(data)


def page(data: bytes) -> Part:
    """The elements of an HTML page in which every tag is closed."""
    tree = _Tree()
    tree.feed(data.decode())
    tree.close()
    assert len(tree.stack) == 1
    return tree.root
