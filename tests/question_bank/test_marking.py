"""How responses are marked: the key earns everything, a wrong answer nothing, and parts what they should."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.item import Item, Number, Option, Pair, problems
from question_bank.marking import Rules, mark, read_number, same_text

BASE = {"topic": "t", "level": "apply", "difficulty": 0.5, "explanation": "e"}


def make(kind: str, **fields: object) -> Item:
    return Item(id="x", kind=kind, stem="s {1}", **BASE, **fields)  # type: ignore[arg-type]


def test_a_single_choice_earns_all_or_nothing() -> None:
    item = make("single", options=(Option("a"), Option("b", True)))
    assert [mark(item, r) for r in (0, 1, 2, -1, None, "b", [1])] == [0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("chosen", "share"),
    [([0, 1], 1), ([0], 0.5), ([0, 1, 2], 0.5), ([2], 0), ([0, 2, 3], 0), ([], 0), ([0, 0, 1, 1], 1), ([0, 1, 9], 1)],
)
def test_select_all_is_net_correct_and_never_below_nothing(chosen: list[int], share: float) -> None:
    item = make("multiple", options=(Option("a", True), Option("b", True), Option("c"), Option("d")))
    assert mark(item, chosen) == share


@pytest.mark.parametrize("text", ["0.25", ".25", "0,25", " 0.25 ", "2.5e-1", "0.26", "0.24", "+0.25"])
def test_numbers_within_tolerance_are_right_in_every_spelling(text: str) -> None:
    assert mark(make("numeric", number=Number(0.25, 0.01)), text) == 1


@pytest.mark.parametrize(
    "text", ["0.27", "-0.25", "", "a", "0.25 0.25", "nan", "inf", "1e999", "0.2.5", "٠", "0x1", None]
)
def test_other_texts_are_no_right_number(text: str | None) -> None:
    assert mark(make("numeric", number=Number(0.25, 0.01)), text) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234", 1234), ("1 234", 1234), ("1,5", 1.5), ("−3", -3), ("1,234.5", 1234.5), ("0,123", 0.123), ("10,5", 10.5)],
)
def test_numbers_are_read_as_students_type_them(text: str, value: float) -> None:
    assert read_number(text) == value


def test_short_text_forgives_case_hyphens_and_spaces_only() -> None:
    item = make("short", accepted=("Long Short-Term Memory",))
    assert [
        mark(item, r) for r in ("long short term  memory.", "LONG SHORT–TERM MEMORY", "“Long short-term memory”")
    ] == [1, 1, 1]
    assert [mark(item, r) for r in ("long term memory", "", "long short-term memory network", 3)] == [0, 0, 0, 0]


def test_printed_output_is_compared_exactly_but_for_spaces() -> None:
    item = make("code", code="print(1)", accepted=("(2, 3)",))
    assert [mark(item, r) for r in ("(2, 3)", " (2,  3) ", "(2,3)", "[2, 3]")] == [1, 1, 0, 0]


def test_matching_and_cloze_count_each_part() -> None:
    pairs = make("matching", pairs=(Pair("a", "1"), Pair("b", "2")), extra=("3",))
    assert [mark(pairs, r) for r in (["1", "2"], ["1", "3"], ["2", "1"], ["1"], [], "1")] == [1, 0.5, 0, 0.5, 0, 0]
    gaps = make("cloze", gaps=(("x", "ex"), ("y",)))
    assert [mark(gaps, r) for r in (["X", "y"], ["ex", "z"], None)] == [1, 0.5, 0]


def test_ordering_counts_the_longest_run_in_order() -> None:
    item = make("ordering", steps=("a", "b", "c", "d"))
    assert mark(item, ["a", "b", "c", "d"]) == 1
    assert mark(item, ["d", "c", "b", "a"]) == 0
    assert mark(item, ["b", "c", "d", "a"]) == pytest.approx(2 / 3)
    assert mark(item, ["a", "b", "c"]) == 0
    assert mark(item, ["a", "a", "b", "c"]) == 0
    full = [order for order in itertools.permutations("abcd") if mark(item, list(order)) == 1]
    assert full == [("a", "b", "c", "d")]


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers()), st.lists(st.text())))
def test_no_response_breaks_marking_or_earns_more_than_everything(response: object) -> None:
    items = [
        make("single", options=(Option("a"), Option("b", True))),
        make("multiple", options=(Option("a", True), Option("b"))),
        make("numeric", number=Number(1.0)),
        make("short", accepted=("a",)),
        make("matching", pairs=(Pair("a", "1"), Pair("b", "2"))),
        make("ordering", steps=("a", "b", "c")),
        make("cloze", gaps=(("a",),)),
    ]
    assert all(0 <= mark(item, response) <= 1 for item in items)  # type: ignore[arg-type]


def test_same_text_keeps_apart_what_differs() -> None:
    assert same_text("K-means", "k means")
    assert not same_text("C++", "C")
    assert not same_text("a", "b")


@pytest.mark.parametrize(
    ("number", "right", "wrong"),
    [
        (Number(1000.0, relative=0.01), ["990", "1010", "1000"], ["989.9", "1010.1"]),
        (Number(-2.0, tolerance=0.5, relative=0.01), ["-2.5", "-1.5"], ["-2.6", "2"]),
        (Number(1 / 3, figures=3), ["0.333", "0.3333", "0.33333333333333331"], ["0.33", "0.334", "0.3", "1/3"]),
        (Number(2 / 3, figures=2), ["0.67", "0.667", "6.7e-1"], ["0.66", "0.6", "0.7"]),
        (Number(123456.0, figures=3), ["123000", "1.23e5", "123456"], ["124000", "120000"]),
        (Number(0.125, figures=2), ["0.13", "0.12"], ["0.14", "0.11"]),
        (Number(9.996, figures=3), ["10.0", "10"], ["9.99", "10.1"]),
        (Number(0.0, figures=3), ["0", "-0"], ["0.001"]),
        (Number(1e-9, figures=2), ["1e-9", "0.0000000010"], ["0", "2e-9"]),
    ],
)
def test_relative_tolerance_and_significant_figures_decide_what_is_right(
    number: Number, right: list[str], wrong: list[str]
) -> None:
    item = make("numeric", number=number)
    assert [mark(item, text) for text in right] == [1] * len(right)
    assert [mark(item, text) for text in wrong] == [0] * len(wrong)


def test_reach_is_the_widest_distance() -> None:
    assert Number(200.0, 1.0, relative=0.1).reach == 20
    assert Number(200.0, 30.0, relative=0.1).reach == 30
    assert Number(0.0333, figures=2).reach == pytest.approx(0.0005)
    assert [str(p) for p in problems(make("numeric", number=Number(1.0, relative=1.5)))] == [
        "number: expected a relative tolerance from 0 to below 1, and 0 to 15 significant figures"
    ]


def test_select_all_is_marked_by_the_chosen_rule() -> None:
    item = make("multiple", options=(Option("a", True), Option("b", True), Option("c"), Option("d")))
    answers = ([0, 1], [0], [0, 1, 2], [2], [2, 3], [], [0, 1, 2, 3])
    assert [mark(item, r, Rules("each")) for r in answers] == [1, 0.75, 0.75, 0.25, 0, 0, 0.5]
    assert [mark(item, r, Rules("all")) for r in answers] == [1, 0, 0, 0, 0, 0, 0]
    assert [mark(item, r, Rules("net", penalty=0.5)) for r in answers] == [1, 0.5, 0.5, -0.5, -0.5, 0, 0]


def test_steps_are_marked_by_their_places_where_the_rules_say_so() -> None:
    item = make("ordering", steps=("a", "b", "c", "d"))
    assert [mark(item, list(r), Rules(ordering="places")) for r in ("abcd", "badc", "acbd", "abdc", "abc")] == [
        1, 0, 0.5, 0.5, 0,
    ]  # fmt: skip


def test_wrong_choices_cost_points_only_where_asked_and_blanks_never() -> None:
    item = make("single", options=(Option("a"), Option("b", True), Option("c")))
    rules = Rules(penalty=0.5)
    assert [mark(item, r, rules) for r in (0, 1, 2, None, "x", 9, [])] == [-0.5, 1, -0.5, 0, 0, 0, 0]
    assert [mark(item, r) for r in (0, 2)] == [0, 0]
    assert mark(make("short", accepted=("a",)), "b", rules) == 0


@pytest.mark.parametrize("response", [True, {"b": 1}, {0: 1}, b"b", 1.0, [[1]], [None], [True], object()])
def test_what_no_browser_sends_earns_nothing(response: object) -> None:
    items = [
        make("single", options=(Option("a"), Option("b", True))),
        make("multiple", options=(Option("a"), Option("b", True))),
        make("matching", pairs=(Pair("x", "b"), Pair("y", "c"))),
        make("cloze", gaps=(("b",),)),
    ]
    assert [mark(item, response) for item in items] == [0, 0, 0, 0]  # type: ignore[arg-type]
