"""Files from elsewhere read into items: round trips, files as people write them, and files from strangers."""

from __future__ import annotations

import time
from typing import Any

import pytest
from helpers.interchange import GOLDEN, REFUSED, choices, fields
from hypothesis import example, given, settings
from hypothesis import strategies as st

from question_bank.interchange import EXPORTS, IMPORTS, guess_format
from question_bank.interchange.markup import read_html
from question_bank.interchange.outcome import MAX_BYTES, Imported
from question_bank.interchange.text import canonical, from_plain, parse, to_html, to_plain
from question_bank.item import (
    CLOZE,
    CODE,
    DRAFT,
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
    problems,
    replace,
)

KEPT = ("kind", "topic", "level", "stem", "explanation", "options", "number", "accepted", "pairs", "extra", "steps")
KEPT = (*KEPT, "gaps", "code")


def expected(one: Item, name: str) -> Item:
    """``one`` as it must come back: texts written the plainest way, answers on one line."""
    number = one.number
    if number is not None:
        slips = tuple(Slip(s.value, canonical(s.feedback)) for s in number.slips)
        number = Number(number.value, number.tolerance, number.unit if name == "moodle" else "", slips)
    plain = {right: from_plain(to_plain(right)) for right in (*(p.right for p in one.pairs), *one.extra)}
    return replace(
        one,
        stem=canonical(one.stem),
        explanation=canonical(one.explanation),
        options=tuple(Option(canonical(o.text), o.correct, canonical(o.feedback)) for o in one.options),
        number=number,
        accepted=lines(one.accepted),
        pairs=tuple(Pair(canonical(p.left), plain[p.right]) for p in one.pairs),
        extra=tuple(plain[right] for right in one.extra),
        steps=tuple(map(canonical, one.steps)),
        gaps=tuple(map(lines, one.gaps)),
        code=one.code.rstrip("\n"),
    )


def lines(forms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(form.split()) for form in forms))


def kept(one: Item) -> dict[str, Any]:
    return {name: getattr(one, name) for name in KEPT}


def read(name: str, text: str | bytes, topic: str = "") -> Imported:
    return IMPORTS[name](text if isinstance(text, bytes) else text.encode(), topic)


def one_of(name: str, text: str) -> Item:
    found = read(name, text)
    assert found.problems == () and len(found.items) == 1
    return found.items[0]


# Round trips.


@pytest.mark.parametrize("name", ["moodle", "gift"])
def test_the_golden_items_come_back_as_they_were(name: str) -> None:
    found = read(name, EXPORTS[name](GOLDEN, "A/B").data)
    assert found.problems == ()
    went = [one for one in GOLDEN if one.id not in REFUSED[name]]
    for back, one in zip(found.items, went, strict=True):
        assert kept(back) == kept(expected(one, name))
        assert (back.origin, back.state) == ("person", DRAFT)
        assert problems(back) == []
        assert back.id.startswith(f"imported-{one.kind}-")


@pytest.mark.parametrize("name", ["moodle", "gift"])
@settings(max_examples=250, deadline=None)
@given(one=choices() | fields())
def test_any_text_comes_back(name: str, one: Item) -> None:
    if problems(one):
        return
    made = EXPORTS[name]([one], "T")
    if made.refused:
        return
    found = read(name, made.data)
    wanted = expected(one, name)
    if problems(wanted) or (one.kind == CLOZE and "{" in one.stem.replace("{1}", "")):
        return
    assert found.problems == ()
    assert kept(found.items[0]) == kept(wanted)


@pytest.mark.parametrize("name", ["moodle", "gift"])
def test_ordinary_texts_come_back_letter_by_letter(name: str) -> None:
    """What the comparison above lets pass is only another way to write the same; ordinary text has no other way."""
    stem = "A layer maps `x = {a: 1}` to $y_{1}$ – by how *much*, for x < 3 & $5?\n\n```\nif a == b:\n    ~c # d\n```"
    one = Item(
        "a", SINGLE, "t", "apply", 0.5, stem, "**So**: 50%.", options=(Option("5 * 3", True, "2 * 1"), Option("a_b"))
    )
    back = read(name, EXPORTS[name]([one], "T").data).items[0]
    assert (back.stem, back.explanation, back.options) == (one.stem, one.explanation, one.options)


@settings(max_examples=500, deadline=None)
@given(
    st.text(st.sampled_from(list("ab 1=~{}#:\\<>&\"'\n$*_`-[]().é\u00a0\u2028\t")), max_size=40) | st.text(max_size=30)
)
@example("` `")
@example(r"\\(no\\) \\[no\\]")
@example("*a **b* c**")
@example("_1_*1*")
@example("_1_*1*a")
@example("$$a$$ $b$ \\$c$ $5 $d$5")
@example("\\(no\\) \\[no\\] $$no")
def test_a_text_written_plainly_shows_the_same(text: str) -> None:
    plain = canonical(text)
    assert to_html(plain) == to_html(text)
    assert read_html(to_html(text)) == plain
    assert parse(canonical(plain)) == parse(plain)
    assert canonical(from_plain(text)) == from_plain(text)
    assert to_plain(from_plain(text)) == " ".join(
        "".join(c for c in text if c.isprintable() or c.isspace()).split()
    ) or any(not c.isprintable() for c in text)


# Files as people write them.

GIFT = """\
// A comment.  [tag:apply]
$CATEGORY: $course$/top/Deep learning/Losses//costs

::Q1:: What is 2 + 2? {
  =4 # right
  ~5 # too many
  ~%-50%3
  ####Count.
}

// [tag:analyse]
Which are even?{~%50%2 ~%-100%3 ~%50%4}

The sky is blue.{T#No, it is.#Yes.}

[html]A <b>bold</b> claim &amp; <code>x=1</code> about \\\\(x^2\\\\) {=yes =%100%Yes it is =%0%no#wrong}

When was it?{#1822:5}

How much?{#
  =1.5..2.5#good
  =%0%7:0.5#That is the other.
  ~#neither
}

Match.{=a b -> A =c -> C\\=C = -> D =e -> E}

Two plus {=two =2} is four.

[markdown]Use *this* `code`{~a\\~b =c\\:d}
"""


def test_gift_as_people_write_it_is_read() -> None:
    found = read("gift", GIFT)
    assert found.problems == ()
    one, many, truth, short, when, much, match, gap, code = found.items
    assert {i.topic for i in found.items} == {"Losses/costs"}
    assert (one.kind, one.stem, one.explanation, one.level) == (SINGLE, "What is 2 + 2?", "Count.", "remember")
    assert one.options == (Option("4", True, "right"), Option("5", False, "too many"), Option("3"))
    assert (many.kind, many.keys, many.level) == (MULTIPLE, ("2", "4"), "analyse")
    assert truth.options == (Option("True", True, "Yes."), Option("False", False, "No, it is."))
    assert short.stem == "A **bold** claim & `x=1` about $x^2$" and short.accepted == ("yes", "Yes it is")
    assert when.number == Number(1822, 5)
    assert much.number == Number(2.0, 0.5, "", (Slip(7.0, "That is the other."),))
    assert match.pairs == (Pair("a b", "A"), Pair("c", "C=C"), Pair("e", "E")) and match.extra == ("D",)
    assert (gap.kind, gap.stem, gap.gaps) == (CLOZE, "Two plus {1} is four.", (("two", "2"),))
    assert code.stem == "Use *this* `code`" and code.keys == ("c:d",) and code.options[0].text == "a~b"


@pytest.mark.parametrize(
    ("bad", "line", "message"),
    [
        ("What?{=a ~b", 3, "expected answers between { and }"),
        ("Essay?{}", 3, "an essay has none"),
        ("Only text.", 3, "expected answers between { and }"),
        ("Two?{=a =b ~c}", 3, "one option worth 100 %"),
        ("Half?{~%50%a ~%25%b ~c}", 3, "all right ones worth the same"),
        ("Part?{=%50%a =b}", 3, "worth 100 % or nothing"),
        ("Star?{=a*}", 3, "without *"),
        ("Number?{#abc}", 3, "expected a number, not 'abc'"),
        ("Number?{#1e999}", 3, "expected a number"),
        ("Match?{=a -> =b -> B}", 3, "left side -> right side"),
        ("Odd?{x =a ~b}", 3, "expected = or ~ before every answer"),
        ("Image?{=a ~b <img>}", 3, "an image"),
        ("Same?{=a ~a}", 3, "two options are the same"),
        ("Braces {a} and {=b ~c}", 3, "one block of answers"),
    ],
)
def test_one_bad_gift_question_spoils_no_other(bad: str, line: int, message: str) -> None:
    found = read("gift", f"Good?{{=a ~b}}\n\n{bad}\n\nAlso good?{{=c ~d}}\n")
    assert [i.stem for i in found.items] == ["Good?", "Also good?"]
    assert [p.line for p in found.problems] == [line]
    assert message in found.problems[0].message
    assert str(found.problems[0]).startswith(f"line {line}: ")


MOODLE = """\
<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<!-- question: 0 -->
<question type="category"><category><text>$course$/top/Default for x/Pooling</text></category></question>
<question type="multichoice">
 <name><text>Q</text></name>
 <questiontext format="html"><text>
  <![CDATA[<p dir="ltr">What is <strong>2</strong>&nbsp;+ 2,<br>
  and <sup>why</sup>?</p>]]></text></questiontext>
 <generalfeedback format="html"><text><![CDATA[<ul><li>one</li><li>two</li></ul>]]></text></generalfeedback>
 <single>true</single>
 <answer fraction="100" format="html"><text><![CDATA[<p>4</p>]]></text>
  <feedback format="html"><text>Good &lt;em&gt;work&lt;/em&gt;</text></feedback></answer>
 <answer fraction="-25"><text>5</text></answer>
 <tags><tag><text>analyse</text></tag></tags>
</question>
<question type="truefalse">
 <questiontext format="moodle_auto_format"><text>It is so: a &lt; b.</text></questiontext>
 <answer fraction="0"><text>true</text><feedback><text>no</text></feedback></answer>
 <answer fraction="100"><text>false</text></answer>
</question>
<question type="numerical">
 <questiontext format="markdown"><text>How *long*?</text></questiontext>
 <answer fraction="100"><text>2.5</text><tolerance>0.1</tolerance></answer>
 <answer fraction="0"><text>*</text></answer>
 <units><unit><multiplier>1</multiplier><unit_name>cm</unit_name></unit></units>
</question>
<question type="cloze">
 <questiontext format="html"><text><![CDATA[<p>A {1:SHORTANSWER:=Paris#yes~%100%paree~%0%Rome#no}
  and {:SA:%100%b\\}&#125;}</p>]]></text></questiontext>
</question>
<question type="ordering">
 <questiontext format="html"><text>Order</text></questiontext>
 <answer fraction="1" format="html"><text>a</text></answer><answer fraction="2"><text>b</text></answer>
 <answer fraction="3"><text>c</text></answer>
</question>
</quiz>
"""


def test_moodle_xml_as_moodle_writes_it_is_read() -> None:
    found = read("moodle", MOODLE)
    assert found.problems == ()
    one, truth, number, gaps, order = found.items
    assert one.stem == "What is **2**\u00a0+ 2,\\\nand $^{why}$?" and one.topic == "Pooling" and one.level == "analyse"
    assert one.explanation == "- one\n\n- two"
    assert one.options == (Option("4", True, "Good *work*"), Option("5"))
    assert truth.stem == "It is so: a < b." and truth.keys == ("False",) and truth.options[0].feedback == "no"
    assert number.number == Number(2.5, 0.1, "cm") and number.stem == "How *long*?"
    assert gaps.gaps == (("Paris", "paree"), ("b}}",)) and gaps.stem == "A {1} and {2}"
    assert order.kind == ORDERING and order.steps == ("a", "b", "c")
    assert {i.topic for i in read("moodle", MOODLE, "mine").items} == {"mine"}


def question(body: str, kind: str = "shortanswer", stem: str = "S?") -> str:
    return (
        f'<question type="{kind}">\n<questiontext format="html"><text>{stem}</text></questiontext>\n{body}</question>'
    )


@pytest.mark.parametrize(
    ("bad", "line", "message"),
    [
        (question("", "essay"), 3, "not type 'essay'"),
        ('<question type="shortanswer"></question>', 3, "expected <questiontext>"),
        (question('<answer fraction="abc"><text>a</text></answer>'), 5, "with a number, not 'abc'"),
        (question('<answer fraction="50"><text>a</text></answer>'), 5, "worth 100 % or nothing"),
        (question('<answer fraction="100"><text>a*</text></answer>'), 5, "without *"),
        (question(""), 3, "accepted"),
        (question('<answer fraction="100"><text>a</text></answer>', stem="&lt;img src=x&gt;"), 4, "an image"),
        (question('<answer fraction="100"><text>a</text></answer>', stem="&lt;table&gt;"), 4, "a table"),
        (question('<answer fraction="100"><text>x</text></answer>', "numerical"), 5, "expected a number"),
        (question("", "cloze", "{1:MULTICHOICE:=a~b}"), 4, "SHORTANSWER, not MULTICHOICE"),
        (question("", "cloze", "{1:SHORTANSWER:=a"), 4, "expected } at the end"),
        (question("<subquestion><text>a</text></subquestion>", "matching"), 5, "expected a right side"),
        (question('<answer fraction="50"><text>a</text></answer>', "multichoice"), 3, "one option worth 100 %"),
        (question("x" * 20_001), 3, "at most 20,000 characters"),
    ],
)
def test_one_bad_moodle_question_spoils_no_other(bad: str, line: int, message: str) -> None:
    good = question('<answer fraction="100"><text>a</text></answer>').replace("\n", " ")
    found = read("moodle", f"<quiz>\n{good}\n{bad}\n{good.replace('S?', 'T?')}\n</quiz>")
    assert [i.stem for i in found.items] == ["S?", "T?"]
    assert [p.line for p in found.problems] == [line]
    assert message in found.problems[0].message


AIKEN = """\
What is it?
A. this one
B) that {one} = *bold*
ANSWER: B

Two lines
of question?
A) a
B) b
C) c
ANSWER: a
"""


def test_an_aiken_file_is_read() -> None:
    found = read("aiken", AIKEN, "losses")
    assert found.problems == ()
    assert [i.stem for i in found.items] == ["What is it?", "Two lines of question?"]
    assert found.items[0].options == (Option("this one"), Option(r"that {one} = \*bold\*", True))
    assert to_plain(found.items[0].options[1].text) == "that {one} = *bold*"
    assert [i.topic for i in found.items] == ["losses", "losses"] and found.items[1].keys == ("a",)


@pytest.mark.parametrize(
    ("bad", "line", "message"),
    [
        ("Q?\nA. a\nB. b\nANSWER: C\n", 9, "with one of A, B, not 'C'"),
        ("Q?\nA. a\nANSWER: A\n", 8, "two or more options"),
        ("Q?\nANSWER: A\n", 6, "two or more options"),
        ("Q?\nA. a\nC. c\nB. b\nANSWER: A\n", 8, "expected 'B. …'"),
        ("Q?\nA. a\nB. a\nANSWER: A\n", 9, "two options are the same"),
    ],
)
def test_one_bad_aiken_question_spoils_no_other(bad: str, line: int, message: str) -> None:
    found = read("aiken", f"One?\nA. a\nB. b\nANSWER: A\n\n{bad}\n\nLast?\nA. a\nB. b\nANSWER: B\n")
    assert next(i.stem for i in found.items) == "One?" and [i.stem for i in found.items][-1] == "Last?"
    assert found.problems[0].line == line
    assert message in found.problems[0].message


def test_an_aiken_file_that_ends_early_says_so() -> None:
    found = read("aiken", "One?\nA. a\nB. b\nANSWER: A\nTwo?\nA. a\nB. b\n")
    assert len(found.items) == 1 and found.problems[0].line == 5 and "before the end" in found.problems[0].message


TEXT2QTI = """\
Quiz title: Test
Quiz description: words
shuffle answers: true

% a comment
COMMENT
1. Not a question
END_COMMENT
Title: named
Points: 2
1.  What is *two* plus $x^2$?
    on a second line
... Said to all.
+ Well done.
- Try again.
a)  one
... not one
*b) two
c)  `three`

2.  Which?

    ```python
    x = 1
    ```

[*] a
[ ] b
[*] c
!   Solution.

3.  Name it.
*   ReLU
*   rectified  linear unit

4.  How many?
=   3.5 +- 0.1

5.  How many per cent?
=   200 +- 5%

6.  A range?
=   [1, 2]

GROUP
pick: 1
7.  Whole?
=   7
END_GROUP
"""


def test_text_in_the_style_of_text2qti_is_read() -> None:
    found = read("text", TEXT2QTI, "t")
    assert found.problems == ()
    single, many, short, *numbers = found.items
    assert single.stem == "What is *two* plus $x^2$? on a second line" and single.explanation == "Said to all."
    assert single.options == (
        Option("one", False, "not one"),
        Option("two", True, "Well done."),
        Option("`three`", False, "Try again."),
    )
    assert (many.kind, many.keys, many.explanation) == (MULTIPLE, ("a", "c"), "Solution.")
    assert many.stem == "Which?\n\n```python\nx = 1\n```"
    assert short.accepted == ("ReLU", "rectified linear unit") and short.kind == SHORT
    assert [i.number for i in numbers] == [Number(3.5, 0.1), Number(200, 10), Number(1.5, 0.5), Number(7, 0)]


@pytest.mark.parametrize(
    ("bad", "line", "message"),
    [
        ("9. Essay?\n____\n", 5, "not an essay"),
        ("9. Upload?\n^^^^\n", 5, "not an upload"),
        ("9. Nothing?\n", 4, "expected answers below"),
        ("9. Mixed?\na) x\n[*] y\n", 6, "answers of one kind"),
        ("9. None right?\na) x\nb) y\n", 4, "exactly one correct option"),
        ("9. Number?\n= three\n", 5, "expected a number"),
        ("9. Numbers?\n= 3\n= 4\n", 6, "expected one number"),
        ("9. Range?\n= [4, 3]\n", 5, "smaller number first"),
        ("9. Image?\n*a) ![x](y.png)\nb) z\n", 5, "an image"),
        ("```{.python .run}\nimport os\n```\n", 4, "it is not run"),
    ],
)
def test_one_bad_text_question_spoils_no_other(bad: str, line: int, message: str) -> None:
    found = read("text", f"1. One?\n*a) x\nb) y\n{bad}2. Last?\n*a) x\nb) y\n")
    assert [i.stem for i in found.items] == ["One?", "Last?"]
    assert [p.line for p in found.problems] == [line]
    assert message in found.problems[0].message


# Files from strangers.

BOMB = '<!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>'
OUTSIDE = (
    '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question type="shortanswer">&x;</question></quiz>'
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (BOMB, 1, "no <!DOCTYPE"),
        (OUTSIDE, 1, "no <!DOCTYPE"),
        ("\n<questions/>", 2, "expected <quiz>"),
        ("<quiz>" + "<a>" * 5000, 1, "at most 40 deep"),
        ("<quiz>\n<question>", 2, "well formed"),
        ("<quiz>&undefined;</quiz>", 1, "well formed"),
        ("", 1, "well formed"),
        ("not xml", 1, "well formed"),
        ('<?xml version="1.0" encoding="nonsense"?><quiz/>', 1, "expected XML"),
        ("<quiz>" + "<question/>" * 5001 + "</quiz>", 1, "at most 5,000 questions"),
    ],
)
def test_hostile_xml_is_refused_with_a_line(text: str, line: int, message: str) -> None:
    found = read("moodle", text)
    assert not found.items
    assert (found.problems[0].line, message in found.problems[-1].message or message in found.problems[0].message) == (
        line,
        True,
    )


def test_what_stands_before_the_damage_is_kept() -> None:
    good = question('<answer fraction="100"><text>a</text></answer>')
    found = read("moodle", f"<quiz>{good}<question type=")
    assert [i.stem for i in found.items] == ["S?"] and "well formed" in found.problems[0].message


@pytest.mark.parametrize("name", IMPORTS)
def test_a_file_too_big_or_not_text_is_refused_at_once(name: str) -> None:
    start = time.perf_counter()
    found = read(name, b"x" * (MAX_BYTES + 1))
    assert not found.items and "at most 5,000,000 bytes" in found.problems[0].message
    assert time.perf_counter() - start < 1
    if name != "moodle":
        found = read(name, b"line one\nline \xff two")
        assert (found.problems[0].line, "expected UTF-8" in found.problems[0].message) == (2, True)


@pytest.mark.parametrize("name", IMPORTS)
@pytest.mark.parametrize(
    "unit",
    [
        "{",
        "}",
        "=",
        "~",
        "\\",
        "#",
        "1. a\n",
        "*",
        "[",
        "$",
        "`",
        "A. a\n",
        "<b>",
        "&",
        "%1%",
        "::",
        "\n\n{=a~b",
        "{1:SA:",
        "___\n",
        " \\*",
    ],
)
def test_long_nonsense_takes_no_time(name: str, unit: str) -> None:
    """Up to the limit of a question; nothing may take more than linear time, or nearly so."""
    start = time.perf_counter()
    for text in (unit * (19_000 // len(unit)), f"1. {unit * (19_000 // len(unit))}\n*a) x\nb) y\n"):
        read(name, text)
        read("moodle", f"<quiz>{question('', 'cloze', text.replace('&', '&amp;').replace('<', '&lt;'))}</quiz>")
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("name", IMPORTS)
@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "=",
                "~",
                "{",
                "}",
                "#",
                "->",
                ":",
                "::",
                "\\",
                "%50%",
                "\n",
                "\n\n",
                "a",
                "1",
                "1. q\n",
                "*a) x\n",
                "b) y\n",
                "A. a\n",
                "B. b\n",
                "ANSWER: A\n",
                "[*] c\n",
                "= 1\n",
                "<quiz>",
                "</quiz>",
                '<question type="cloze">',
                "</question>",
                "<questiontext><text>",
                "</text></questiontext>",
                "{1:SA:=",
                "####",
                "$CATEGORY:",
                "```",
                "...",
            ]
        )
    )
    | st.lists(st.text(max_size=20))
)
def test_no_file_breaks_an_import(name: str, parts: list[str]) -> None:
    found = read(name, "".join(parts).encode("utf-8", errors="replace"))
    for one in found.items:
        assert problems(one) == []
        assert one.origin == "person" and one.state == DRAFT
    assert all(p.line >= 1 and p.message for p in found.problems)


def test_ids_follow_from_what_an_item_says_and_from_nothing_else() -> None:
    one, again = (
        read("gift", f"{head}Q?{{=a ~b}}", topic).items[0] for head, topic in (("", ""), ("// [tag:apply]\n", "t"))
    )
    other = read("gift", "Q?{~a =b}").items[0]
    assert one.id == again.id != other.id
    assert len(read("gift", "Q?{=a ~b}\n\nQ?{=a ~b}").items) == 1


def test_the_format_of_a_file_is_guessed_from_what_stands_in_it() -> None:
    assert [guess_format(t.encode()) for t in (MOODLE, GIFT, AIKEN, TEXT2QTI)] == ["moodle", "gift", "aiken", "text"]
    assert guess_format(EXPORTS["gift"](GOLDEN, "T").data) == "gift"


def test_every_kind_is_among_the_golden_items() -> None:
    assert {i.kind for i in GOLDEN} == {SINGLE, MULTIPLE, NUMERIC, SHORT, MATCHING, ORDERING, CLOZE, CODE}
