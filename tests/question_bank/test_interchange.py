"""Every export read back by a reader that knows only the format: the key, every distractor, every known mistake."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import jsonschema
import pytest
from helpers import interchange_readers as readers
from helpers.interchange import GOLDEN, REFUSED, choices, fields, item
from helpers.interchange_readers import visible
from hypothesis import given, settings

from question_bank.interchange import EXPORTS, SUFFIXES
from question_bank.interchange.text import to_html, to_inline, to_plain
from question_bank.item import (
    CLOZE,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    ORDERING,
    SHORT,
    SINGLE,
    Item,
    Option,
    Pair,
    problems,
    replace,
)
from question_bank.marking import mark

BY_NAME = {one.id: one for one in GOLDEN}


def typed(form: str) -> str:
    """An accepted form as a student types it into a field of one line."""
    return " ".join(form.split())


def responses(one: Item) -> Iterable[Any]:
    """The key, every distractor or known mistake, and mixtures."""
    if one.kind == SINGLE:
        return range(len(one.options))
    if one.kind == MULTIPLE:
        every = range(len(one.options))
        return [set(s) for n in range(1, len(one.options) + 1) for s in itertools.combinations(every, n)]
    if one.kind == NUMERIC:
        assert one.number is not None
        value, reach = one.number.value, one.number.tolerance
        near = [round(value + sign * reach, 9) for sign in (-1, 0, 1)]
        far = [round(value + sign * (reach * 1.5 + 0.001), 9) for sign in (-1, 1)]
        return [repr(v) for v in [*near, *far, *(slip.value for slip in one.number.slips)]]
    if one.kind == MATCHING:
        rights = [pair.right for pair in one.pairs]
        others = [*rights, *one.extra]
        return [rights] + [[*rights[:i], wrong, *rights[i + 1 :]] for i in range(len(rights)) for wrong in others]
    if one.kind == ORDERING:
        return [list(order) for order in itertools.permutations(one.steps)]
    if one.kind == CLOZE:
        first = [gap[0] for gap in one.gaps]
        others = [[*first[:i], a, *first[i + 1 :]] for i, gap in enumerate(one.gaps) for a in (*gap, "no such word")]
        return [*others, ["no such word"] * len(first)]
    return [*(typed(form) for form in one.accepted), "no such word", ""]


def all_or_nothing(share: float) -> float:
    return float(share == 1.0)


# For every export: how to mark a response to an item through the file.  A function of the file's bytes gives a function
# of item and response.

Marker = Callable[[Item, Any], float]


def through_moodle(data: bytes) -> Marker:
    found = readers.moodle_xml(data)

    def marker(one: Item, response: Any) -> float:
        question = found[one.id]
        if one.kind == MATCHING:
            return readers.moodle_mark(question, [to_plain(r) for r in response])
        if one.kind == ORDERING:  # Moodle keeps the right order and counts the longest run in order
            order = [visible(text) for text, _, _ in question.answers]
            assert [share for _, share, _ in question.answers] == [(i + 1) / 100 for i in range(len(order))]
            return float([visible(to_inline(step)) for step in response] == order)
        return readers.moodle_mark(question, response)

    return marker


def through_gift(data: bytes) -> Marker:
    found = readers.gift(data)

    def marker(one: Item, response: Any) -> float:
        if one.kind == MATCHING:
            response = [to_plain(r) for r in response]
        return readers.moodle_mark(found[one.id], response[0] if one.kind == CLOZE else response)

    return marker


def through_canvas(data: bytes) -> Marker:
    found = readers.qti12(data)

    def marker(one: Item, response: Any) -> float:
        element = found[one.id]
        labels = readers.qti12_labels(element)
        if one.kind in (SINGLE, MULTIPLE):
            chosen = {response} if isinstance(response, int) else response
            given = {"response1": [labels["response1"][i][0] for i in chosen]}
        elif one.kind == MATCHING:
            given = {
                lid: [next(ident for ident, text in rows if text == to_plain(right))]
                for (lid, rows), right in zip(labels.items(), response, strict=True)
            }
        elif one.kind == CLOZE:
            given = {
                lid: [ident for ident, text in rows if text.casefold() == answer.casefold()]
                for (lid, rows), answer in zip(labels.items(), response, strict=True)
            }
        else:
            given = {"response1": [response]}
        return round(readers.qti12_run(element, given)[0], 3)

    return marker


def through_qti(data: bytes) -> Marker:
    found = readers.qti21(data)
    return lambda one, response: readers.Qti21Run(found[one.id], qti21_responses(found[one.id], one, response)).score


def qti21_responses(element: Any, one: Item, response: Any) -> dict[str, list[str]]:
    choices = readers.qti21_choices(element)
    if one.kind in (SINGLE, MULTIPLE):
        return {"RESPONSE": [choices[i][0] for i in ({response} if isinstance(response, int) else response)]}
    if one.kind == CLOZE:
        return {f"RESPONSE_{i}": [answer] for i, answer in enumerate(response, 1)}
    if one.kind in (ORDERING, MATCHING):
        names = {text: name for name, text in choices}
        chosen = [names[visible(to_inline(text))] for text in response]
        lefts = [names[visible(to_inline(pair.left))] for pair in one.pairs]
        return {"RESPONSE": chosen if one.kind == ORDERING else [" ".join(p) for p in zip(lefts, chosen, strict=True)]}
    return {"RESPONSE": [response] if response else []}


def through_jupyterquiz(data: bytes) -> Marker:
    shown = json.loads(data)
    kept = [one for one in GOLDEN if one.id not in REFUSED["jupyterquiz"]]

    def marker(one: Item, response: Any) -> float:
        question = shown[kept.index(one)] if one in kept else shown[0]
        if one.kind == MULTIPLE:  # it asks for each right option in turn
            right = {i for i, _ in enumerate(one.options) if readers.jupyterquiz_mark(question, i)[0]}
            return float(response == right)
        return float(readers.jupyterquiz_mark(question, response)[0])

    return marker


MARKERS: dict[str, tuple[Callable[[bytes], Marker], Callable[[Item, float], float]]] = {
    # The second says what a share of the points becomes there.
    "moodle": (through_moodle, lambda one, share: all_or_nothing(share) if one.kind == ORDERING else share),
    "gift": (through_gift, lambda one, share: share),
    "canvas": (through_canvas, lambda one, share: all_or_nothing(share) if one.kind == MULTIPLE else share),
    "qti": (through_qti, lambda one, share: all_or_nothing(share) if one.kind == ORDERING else share),
    "jupyterquiz": (through_jupyterquiz, lambda one, share: all_or_nothing(share)),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_each_format_holds_every_golden_item_or_says_why_not(name: str) -> None:
    made = EXPORTS[name](GOLDEN, "Deep <learning> & more")
    assert {refusal.item_id for refusal in made.refused} == REFUSED[name]
    assert all(len(refusal.reason) > 20 for refusal in made.refused)
    assert name in SUFFIXES


@pytest.mark.parametrize("name", EXPORTS)
def test_the_same_items_give_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EXPORTS[name](GOLDEN, "Title").data
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 0, 0, 0, 0, 0, 0))
    assert EXPORTS[name](GOLDEN, "Title").data == first


@pytest.mark.parametrize("name", EXPORTS)
def test_no_items_still_make_a_file(name: str) -> None:
    made = EXPORTS[name]([], "Empty")
    assert made.data and not made.refused


@pytest.mark.parametrize(
    ("name", "one"),
    [pytest.param(n, one, id=f"{n}-{one.id}") for n in MARKERS for one in GOLDEN if one.id not in REFUSED[n]],
)
def test_the_key_and_every_distractor_are_worth_there_what_they_are_worth_here(name: str, one: Item) -> None:
    reader, becomes = MARKERS[name]
    marker = reader(EXPORTS[name](GOLDEN, "T").data)
    seen = set()
    for response in responses(one):
        expected = becomes(one, mark(one, response))
        assert marker(one, response) == pytest.approx(expected, abs=1e-3), (response, expected)
        seen.add(expected)
    assert {0.0, 1.0} <= seen or one.kind == MATCHING  # a wrong pair among several is worth its share


def test_capitals_of_printed_output_count_only_where_the_format_minds_them() -> None:
    one = BY_NAME["golden-code"]
    wrong = one.accepted[0].lower()
    assert through_moodle(EXPORTS["moodle"]([one], "T").data)(one, wrong) == 0
    assert through_qti(EXPORTS["qti"]([one], "T").data)(one, wrong) == 0
    assert not readers.jupyterquiz_mark(json.loads(EXPORTS["jupyterquiz"]([one], "T").data)[0], wrong)[0]
    short = BY_NAME["golden-short"]
    assert through_moodle(EXPORTS["moodle"]([short], "T").data)(short, "RELU") == 1
    assert through_qti(EXPORTS["qti"]([short], "T").data)(short, "RELU") == 1
    assert through_gift(EXPORTS["gift"]([short], "T").data)(short, "RELU") == 1


def test_code_that_must_be_typed_exactly_becomes_a_choice_where_capitals_do_not_count() -> None:
    one = replace(BY_NAME["golden-code"], options=(Option("`a`"), Option("`b`", True)))
    made = EXPORTS["gift"]([one], "T")
    assert not made.refused
    assert [share for _, share, _ in readers.gift(made.data)[one.id].answers] == [0, 1]


@pytest.mark.parametrize("name", ["moodle", "gift"])
def test_texts_stand_in_moodle_as_the_student_should_see_them(name: str) -> None:
    found = {"moodle": readers.moodle_xml, "gift": readers.gift}[name](EXPORTS[name](GOLDEN, "My/Exam").data)
    question = found["golden-single"]
    assert visible(question.stem) == r"""What does a=b ~ = { } # : \ < > & "q" 'r' \(x_{1}\) é → 数 say?"""
    assert [visible(text) for text, _, _ in question.answers] == [
        r"\(\frac{1}{n} < 1\)",
        "a < b & c",
        "c [0](x) -> {d}",
        r"~=#{}: \ \n",
        "[html] is text",
    ]
    assert [visible(said) for _, _, said in question.answers] == [
        "Yes: a=b.",
        "No <b>bold</b> here # 1",
        "",
        "why ~ so",
        "[plain] too",
    ]
    assert visible(question.note) == r"Because \(o=1\)."
    assert question.category == "$course$/top/My//Exam/convolution"
    assert "print(x)" in found["golden-code-options"].stem and "\n" in found["golden-code-options"].stem
    assert [a for a, _, _ in found["golden-numeric"].answers] == ["0.3", "0.6", "-0.3"]
    assert [visible(said) for _, _, said in found["golden-numeric"].answers] == [
        "",
        "You forgot the half.",
        "The sign.",
    ]
    assert sorted(right for left, right in found["golden-matching"].pairs if not left) == ["nothing: ~"]


@pytest.mark.parametrize("right", range(1, 22))
def test_moodles_list_of_shares_is_respected(right: int) -> None:
    listed = {100, 50, 33.33333, 25, 20, 16.66667, 14.28571, 12.5, 11.11111, 10, 5}
    one = item(MULTIPLE, options=tuple(Option(f"o{i}", i < right) for i in range(22)))
    for name, read in (("moodle", readers.moodle_xml), ("gift", readers.gift)):
        made = EXPORTS[name]([one], "T")
        if right in (11, 12, 13, 14, 15, 16, 17, 18, 19, 21):
            assert [f"{right} right options are worth 100/{right} %" in refusal.reason for refusal in made.refused] == [
                True
            ]
            assert not read(made.data)
            continue
        shares = [share * 100 for _, share, _ in read(made.data)[one.id].answers]
        assert {round(abs(share), 5) for share in shares} <= listed
        assert sum(share for share in shares if share > 0) == pytest.approx(100, abs=1e-4)


@pytest.mark.parametrize(
    ("one", "name", "reason"),
    [
        (item(MATCHING, pairs=(Pair("a", "x"), Pair("b", "y"))), "moodle", "at least 3 different right sides, not 2"),
        (item(MATCHING, pairs=(Pair("a", "x"), Pair("b", "*x*"), Pair("c", "z"))), "canvas", "look the same"),
        (item(SHORT, accepted=("a -> b",)), "gift", "-> in a short answer"),
        (item(SHORT, accepted=("&&061;",)), "gift", "uses && and a number for itself"),
        (item(SINGLE, options=(Option("*a*", True), Option("_a_"))), "paper", "two options look the same"),
        (item(SINGLE, stem="\x01", options=(Option("a", True), Option("b"))), "qti", "the stem shows nothing"),
        (item(CLOZE, stem="$x_{1}$", gaps=(("a",),)), "qti", "inside $math$"),
        (item(SINGLE, options=tuple(Option(f"o{i}", i == 3) for i in range(27))), "key", "26 options"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_the_reason(one: Item, name: str, reason: str) -> None:
    good = BY_NAME["golden-single"]
    made = EXPORTS[name]([one, good], "T")
    assert [refusal.item_id for refusal in made.refused] == [one.id]
    assert reason in made.refused[0].reason
    assert made.data == EXPORTS[name]([good], "T").data or name == "canvas"


# Feedback.


def test_canvas_shows_the_feedback_of_the_option_and_the_explanation() -> None:
    found = readers.qti12(EXPORTS["canvas"](GOLDEN, "T").data)
    element = found["golden-single"]
    assert readers.qti12_type(element) == "multiple_choice_question"
    for i, said in enumerate(["Yes: a=b.", "No <b>bold</b> here # 1", None, "why ~ so", "[plain] too"]):
        _, shown = readers.qti12_run(element, {"response1": [f"option_{i + 1}"]})
        assert [visible(text) for text in shown] == [r"Because \(o=1\).", *([said] if said else [])]
    kinds = {one.id: readers.qti12_type(found[one.id]) for one in GOLDEN if one.id in found}
    assert kinds["golden-matching"] == "matching_question"
    assert kinds["golden-cloze"] == "fill_in_multiple_blanks_question"
    assert kinds["golden-numeric"] == "numerical_question"
    assert kinds["golden-multiple"] == "multiple_answers_question"
    assert kinds["golden-short"] == "short_answer_question"


def test_canvas_names_each_gap_in_the_stem() -> None:
    element = readers.qti12(EXPORTS["canvas"](GOLDEN, "T").data)["golden-cloze"]
    stem = next(element.iter("{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}mattext")).text
    assert visible(stem or "") == "First [gap1], then [gap2] = {x} # y {1:SA:=z}."


def test_qti_shows_the_feedback_of_the_mistake_and_the_explanation() -> None:
    found = readers.qti21(EXPORTS["qti"](GOLDEN, "T").data)
    say = r"Because \(o=1\)."
    for answer, said in (("0.3", []), ("0.6", ["You forgot the half."]), ("-0.30", ["The sign."]), ("7", [])):
        assert readers.Qti21Run(found["golden-numeric"], {"RESPONSE": [answer]}).shown == [*said, say]
    shown = readers.Qti21Run(found["golden-single"], {"RESPONSE": ["option_2"]}).shown
    assert shown == ["No <b>bold</b> here # 1", say]
    shown = readers.Qti21Run(found["golden-multiple"], {"RESPONSE": ["option_1", "option_2"]}).shown
    assert shown == ["indeed", "not this", say]


# jupyterquiz: the shapes that its documentation gives as JSON schemas.

_CHOICE = {
    "type": "object",
    "properties": {
        "type": {"enum": ["multiple_choice", "many_choice"]},
        "question": {"type": "string"},
        "code": {"type": "string"},
        "answers": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "properties": {
                    "answer": {"type": "string"},
                    "correct": {"type": "boolean"},
                    "feedback": {"type": "string"},
                },
                "required": ["answer", "correct"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["question", "type", "answers"],
    "additionalProperties": False,
}
_VALUE = {"properties": {"type": {"const": "value"}, "value": {"type": "number"}}, "required": ["type", "value"]}
_RANGE = {
    "properties": {
        "type": {"const": "range"},
        "range": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
    "required": ["type", "range"],
}
_NUMERIC = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "type": {"const": "numeric"},
        "answers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "properties": {"correct": {"type": "boolean"}, "feedback": {"type": "string"}},
                "required": ["correct", "feedback"],
                "oneOf": [_VALUE, _RANGE],
            },
        },
    },
    "required": ["question", "type", "answers"],
}
_STRING = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "code": {"type": "string"},
        "type": {"const": "string"},
        "answers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "properties": {
                    "answer": {"type": "string"},
                    "correct": {"type": "boolean"},
                    "match_case": {"type": "boolean"},
                    "feedback": {"type": "string"},
                },
                "required": ["answer", "correct"],
            },
        },
    },
    "required": ["question", "type", "answers"],
}


def test_jupyterquiz_has_the_documented_shape_and_no_dollars_or_links() -> None:
    shown = json.loads(EXPORTS["jupyterquiz"](GOLDEN, "T").data)
    jsonschema.validate(shown, {"type": "array", "items": {"oneOf": [_CHOICE, _NUMERIC, _STRING]}})
    first = shown[0]
    texts = [first["question"], *(a["answer"] for a in first["answers"]), *(a["feedback"] for a in first["answers"])]
    assert not any("$" in text or "[" in text for text in texts)
    assert visible(first["answers"][2]["answer"]) == "c [0](x) -> {d}"
    assert r"Because \(o=1\)." in visible(first["answers"][0]["feedback"])
    assert visible(first["answers"][1]["feedback"]) == "No <b>bold</b> here # 1"


# Anki.


def test_anki_cards_show_the_question_and_mark_every_option() -> None:
    notes = {str(note["Id"]): note for note in readers.anki(EXPORTS["anki"](GOLDEN, "My deck").data)}
    assert set(notes) == set(BY_NAME)
    assert {note["deck"] for note in notes.values()} == {"My deck"}
    assert notes["golden-single"]["tags"] == ["convolution", "apply"]
    for one in GOLDEN:
        note = notes[one.id]
        front, key = readers.page(str(note["front"]).encode()), readers.page(str(note["Key"]).encode())
        assert "Because" not in front.text()
        assert "Because" in str(note["Explanation"])
        if one.options:
            shown = [li.text() for li in front.all("li")]
            assert shown == [visible(to_inline(o.text)) for o in one.options]
            for li, option in zip(key.all("li"), one.options, strict=True):
                assert li.attributes["class"] == ("right" if option.correct else "wrong")
                assert li.text().startswith(visible(to_inline(option.text)))
                assert visible(to_inline(option.feedback)) in li.text()
    assert [li.text() for li in readers.page(str(notes["golden-ordering"]["Key"]).encode()).all("li")] == [
        "forward",
        "loss",
        "backward",
        "update",
    ]
    shown = [li.text() for li in readers.page(str(notes["golden-ordering"]["front"]).encode()).all("li")]
    assert sorted(shown) == ["backward", "forward", "loss", "update"] != shown
    assert "forward loss backward update" not in " ".join(shown)
    numeric = readers.page(str(notes["golden-numeric"]["Key"]).encode())
    assert numeric.all("p")[0].text() == "0.3 ± 0.01 m/s"
    assert [li.text() for li in numeric.all("li")] == ["0.6You forgot the half.", "-0.3The sign."]
    pairs = [li.text() for li in readers.page(str(notes["golden-matching"]["Key"]).encode()).all("li")]
    assert pairs == ["GAN = {a} → two nets", "VAE -> b → a KL term", "AE # c → a bottle-neck -> ="]
    assert visible(str(notes["golden-short"]["Key"])).startswith("ReLU / rectified = linear * unit")


def test_an_anki_note_is_the_same_note_when_its_item_is_edited() -> None:
    one = BY_NAME["golden-single"]
    before = readers.anki(EXPORTS["anki"]([one], "D").data)[0]
    after = readers.anki(EXPORTS["anki"]([GOLDEN[2], replace(one, stem="Edited?")], "D").data)[1]
    assert before["guid"] == after["guid"] and before["Question"] != after["Question"]


# Paper.


def test_the_paper_and_its_key_agree_with_the_items() -> None:
    paper = readers.page(EXPORTS["paper"](GOLDEN, "A <b> & b").data)
    key = readers.page(EXPORTS["key"](GOLDEN, "A <b> & b").data)
    assert [h.text() for h in paper.all("h1")] == ["A <b> & b"]
    shown = {s.attributes["data-item"]: s for s in paper.all("section")}
    told = {s.attributes["data-item"]: s for s in key.all("section")}
    assert list(shown) == list(told) == [one.id for one in GOLDEN]
    assert [s.all("h2")[0].text() for s in told.values()] == [str(i) for i in range(1, len(GOLDEN) + 1)]
    for one in GOLDEN:
        answers = [li.text() for li in told[one.id].all("ul", "right")[0].all("li")]
        section = shown[one.id]
        if one.kind in (SINGLE, MULTIPLE):
            letters = [li.attributes["data-letter"] for li in section.all("li")]
            assert len(letters) == len(one.options)
            assert (
                mark(one, [letters.index(a) for a in answers] if one.kind == MULTIPLE else letters.index(answers[0]))
                == 1
            )
            for option, letter in zip(one.options, letters, strict=True):
                notes = dict(zip([d.text() for d in told[one.id].all("dt")], told[one.id].all("dd"), strict=True))
                assert (letter in notes) == bool(option.feedback)
                if option.feedback:
                    assert notes[letter].text() == visible(to_inline(option.feedback))
        elif one.kind == NUMERIC:
            assert mark(one, answers[0].split()[0]) == 1
            assert "You forgot" in told[one.id].all("dl")[0].text()
        elif one.kind == MATCHING:
            rights = {
                li.attributes["data-letter"]: li.all("div")[0].text() for li in section.all("ul", "rights")[0].all("li")
            }
            assert mark(one, [rights[a.split()[1]] for a in answers]) == 1
            assert len(rights) == 4 and "two nets" in rights.values()
        elif one.kind == ORDERING:
            steps = [li.text() for li in section.all("li")]
            assert mark(one, [step for _, step in sorted(zip(answers, steps, strict=True))]) == 1
            assert mark(one, steps) < 1
            assert sorted(answers) == ["1", "2", "3", "4"]
        elif one.kind == CLOZE:
            assert len(section.all("span", "gap")) == len(one.gaps)
            assert mark(one, [a.split(" ", 1)[1].split(" / ")[0] for a in answers]) == 1
        else:
            assert mark(one, answers[0].split(" / ")[0]) == 1
        assert not any(word in section.text() for word in ("Because", "forgot the half", "indeed"))


def test_the_paper_runs_nothing_and_loads_nothing() -> None:
    evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> $\\text{<script>x</script>}$ {{ 7*7 }}"
    one = item(
        SINGLE, stem=evil, options=(Option(evil, True), Option("$<img src=x>$")), topic="<i>t</i>", explanation=evil
    )
    for name in ("paper", "key"):
        tree = readers.page(EXPORTS[name]([one], evil).data)
        tags = {part.tag for part in _everything(tree)}
        assert not tags & {"script", "img", "link", "iframe", "i"} or (tags & {"i"} == {"i"} and name == "paper")
        assert "alert(1)" in tree.text() and "{{ 7*7 }}" in tree.text()
        assert not any(
            a.startswith("on") or a in ("src", "href") for part in _everything(tree) for a in part.attributes
        )


def _everything(part: readers.Part) -> list[readers.Part]:
    return [part, *(deeper for child in part.children for deeper in _everything(child))]


def test_mathjax_finds_the_math_and_nothing_else() -> None:
    shown = to_html(r"a \\(b\\) \\[c\\] \$\$d\$\$ $e$ `\(f\)`")
    assert re.findall(r"\\\((.*?)\\\)", re.sub("<code>.*?</code>", "", shown)) == ["e"]
    assert r"\[" not in shown and "$$" not in shown
    assert visible(shown) == r"a \(b\) \[c\] $$d$$ \(e\) \(f\)"


def test_math_on_paper_is_laid_out_without_a_script() -> None:
    one = item(SINGLE, stem="$\\frac{1}{n}$ and $\\frac{$ and $a<b$", options=(Option("a", True), Option("b")))
    tree = readers.page(EXPORTS["paper"]([one], "T").data)
    assert len(tree.all("mfrac")) == 1
    assert [code.text() for code in tree.all("code")] == ["\\frac{"]
    assert any(mo.text() == "<" for mo in tree.all("mo"))


# Any text at all.


@pytest.mark.parametrize("name", ["moodle", "gift", "canvas", "qti"])
@settings(max_examples=120, deadline=None)
@given(one=choices() | fields())
def test_any_text_keeps_its_key_and_its_distractors(name: str, one: Item) -> None:
    if problems(one):
        return
    made = EXPORTS[name]([one], "T")
    if made.refused:
        return
    reader, becomes = MARKERS[name]
    marker = reader(made.data)
    for response in responses(one):
        if (
            one.kind == MATCHING
            and name == "qti"
            and len({visible(to_inline(p.left)) for p in one.pairs}) < len(one.pairs)
        ):
            continue
        assert marker(one, response) == pytest.approx(becomes(one, mark(one, response)), abs=1e-3), response
