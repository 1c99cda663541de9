"""Conversion between form fields and responses, and malformed fields."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.exams import one_of_each

from autograder.exam import inputs
from autograder.exam.form import Form, PlacedItem, ShownItem, show
from question_bank.marking import LONGEST, mark

ITEMS = {item.id: item for item in one_of_each()}
FORM = Form("mid", "ada", tuple(PlacedItem(f"q-{name}", item, 1.0) for name, item in ITEMS.items()))
SHOWN = {placed.item.id: show(placed, FORM) for placed in FORM.placed}


def right(name: str) -> Any:
    """The full answer, as marking wants it."""
    item = ITEMS[name]
    return {
        "a": 0,
        "b": [0, 1],
        "c": "5",
        "d": "lstm",
        "e": [p.right for p in item.pairs],
        "f": list(item.steps),
        "g": ["red", "azure"],
        "h": "2",
    }[name]


def fields(shown: ShownItem, response: Any) -> list[tuple[str, str]]:
    """What a page that is filled with a response sends."""
    return [(name.partition("=")[0], value) for name, value in inputs.fill(shown, response).items()]


@pytest.mark.parametrize("name", ITEMS)
def test_a_filled_page_sends_what_filled_it(name: str) -> None:
    response = right(name)
    sent = fields(SHOWN[name], response)
    assert inputs.read(SHOWN[name], sent) == response
    assert mark(ITEMS[name], response) == 1.0 and inputs.complete(SHOWN[name], response)
    assert {n for n, _ in sent} <= set(inputs.field_names(SHOWN[name]))


@pytest.mark.parametrize("name", ITEMS)
def test_nothing_is_no_answer(name: str) -> None:
    shown = SHOWN[name]
    assert inputs.read(shown, []) is None
    assert inputs.read(shown, [(n, "") for n in inputs.field_names(shown)]) is None
    assert inputs.fill(shown, None) == {} and not inputs.complete(shown, None)


def test_parts_are_kept() -> None:
    order = inputs.read(SHOWN["f"], [("q-f.0", "3"), ("q-f.1", ""), ("q-f.2", "3"), ("q-f.3", "1")])
    assert order == {"places": [3, 0, 3, 1]} and inputs.response_for_marking(order) is None
    assert inputs.fill(SHOWN["f"], order) == {"q-f.0": "3", "q-f.2": "3", "q-f.3": "1"}
    assert not inputs.complete(SHOWN["f"], order)
    gaps = inputs.read(SHOWN["g"], [("q-g.1", " blue ")])
    assert gaps == ["", " blue "] and mark(ITEMS["g"], gaps) == 0.5 and not inputs.complete(SHOWN["g"], gaps)
    pairs = inputs.read(SHOWN["e"], [("q-e.1", "0")])
    assert pairs == ["", SHOWN["e"].rights[0]] and not inputs.complete(SHOWN["e"], pairs)


@pytest.mark.parametrize(
    ("name", "sent", "says"),
    [
        ("a", [("q-a", "3")], "expected a number from 0 to 2, not '3'"),
        ("a", [("q-a", "-1")], "not '-1'"),
        ("a", [("q-a", "١")], "from 0 to 2"),
        ("a", [("q-a", "1_0")], "from 0 to 2"),
        ("a", [("q-a", "0"), ("q-a", "1")], "sent 2 times"),
        ("b", [("q-b", "0"), ("q-b", "99999")], "not '99999'"),
        ("e", [("q-e.0", "7")], "from 0 to 2"),
        ("f", [("q-f.0", "0")], "from 1 to 4"),
        ("c", [("q-c", "1" * 501)], "longer than 500 characters"),
        ("h", [("q-h", "x" * (LONGEST + 1))], "longer than 10000 characters"),
        ("g", [("q-g.0", "x" * 501)], "longer than 500"),
    ],
)
def test_malformed_fields_are_reported(name: str, sent: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(inputs.MalformedFieldError, match="q-") as raised:
        inputs.read(SHOWN[name], sent)
    assert says in str(raised.value)


def test_a_select_all_counts_a_choice_once() -> None:
    assert inputs.read(SHOWN["b"], [("q-b", "1"), ("q-b", "0"), ("q-b", "1"), ("q-b", "")]) == [0, 1]


def test_lines_of_code_are_kept_and_end_as_python_ends_them() -> None:
    assert inputs.read(SHOWN["h"], [("q-h", "a\r\n  b\r\n")]) == "a\n  b\n"
    lines = "\r\n" * LONGEST  # as long as the page allows
    assert inputs.read(SHOWN["h"], [("q-h", f"{lines[:-2]}x")]) == "\n" * (LONGEST - 1) + "x"


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.parametrize("response", [99, "x", ["nobody's"], {"other": 1}, {"places": [1]}, [[1]], 1.5])
def test_a_response_that_does_not_fit_the_item_fills_no_field(name: str, response: Any) -> None:
    filled = inputs.fill(SHOWN[name], response)
    assert all(isinstance(n, str) and isinstance(v, str) for n, v in filled.items())


@pytest.mark.parametrize("name", ITEMS)
def test_every_kind_has_an_instruction(name: str) -> None:
    assert inputs.hint(SHOWN[name]).endswith(".")
