"""Totals: what is dropped, the bonus and the grades, by the numbers that people see."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from helpers.attempts import DUE, HOUR, LATER, attempt
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.grading_key import grade_of
from autograder.gradebook.marks import Row, make_marks
from autograder.gradebook.policy import make_policy
from autograder.gradebook.records import Book

KEY = {"A": 90, "B": Decimal("79.5"), "F": 0}
GERMAN = {"1.0": 95, "1.3": 90, "4.0": 50, "5.0": 0}


def anna(marks: dict[str, tuple[object, int]], now: Any = LATER, **entries: Any) -> Row:
    """The row of a student with points out of a maximum in each assignment; None where nothing was handed in."""
    tries = [
        attempt(i, p, assignment=name, possible=Decimal(possible))
        for i, (name, (p, possible)) in enumerate(marks.items(), 1)
        if p is not None
    ]
    full = [
        attempt(50 + i, possible, assignment=name, possible=Decimal(possible), student="full")
        for i, (name, (_, possible)) in enumerate(marks.items())
    ]
    rows = make_marks(Book((*tries, *full)), make_policy(entries), now=now).rows
    return next((r for r in rows if r.student.id == "anna"), rows[0])


def total(marks: dict[str, tuple[object, int]], **entries: Any) -> str:
    return str(anna(marks, **entries).total)


# Dropping.


def test_the_lowest_percentage_is_dropped_not_the_fewest_points() -> None:
    marks = {"small": (40, 50), "large": (50, 200)}
    assert total(marks, drop_lowest=1) == "80.00"
    assert anna(marks, drop_lowest=1).reasons == ("dropped: large",)


def test_the_first_of_equal_percentages_is_dropped() -> None:
    marks = {"a": (10, 20), "b": (5, 10), "c": (0, 20), "d": (0, 20)}
    assert anna(marks, drop_lowest=1).reasons == ("dropped: c",)
    assert anna({"a": (10, 20), "b": (10, 20)}, drop_lowest=1).reasons == ("dropped: a",)


def test_extra_credit_and_bonus_are_never_dropped() -> None:
    marks = {"a": (10, 20), "b": (20, 20), "x": (1, 20), "y": (1, 20)}
    made = anna(marks, drop_lowest=1, extra_credit=["x"], bonus=["y"], bonus_needs_pass=False)
    assert made.reasons == ("extra credit: x", "bonus: y (105.00 % → 110.00 %)", "dropped: a")


def test_missing_work_is_dropped_and_work_that_is_not_due_is_not() -> None:
    marks = {"a": (10, 20), "b": (None, 20), "c": (20, 20)}
    assert anna(marks, drop_lowest=1).reasons == ("dropped: b",)
    open_one = anna(marks, now=DUE - HOUR, drop_lowest=1, assignments={"b": {"due": DUE}})
    assert (open_one.reasons, str(open_one.total)) == (("dropped: a",), "100.00")


def test_what_weighs_nothing_is_not_dropped() -> None:
    weights = {"a": {"weight": 0}, "b": {"weight": 1}, "c": {"weight": 1}}
    made = anna({"a": (0, 20), "b": (10, 20), "c": (20, 20)}, drop_lowest=1, assignments=weights)
    assert (made.reasons, str(made.total)) == (("dropped: b",), "100.00")


def test_a_better_mark_never_lowers_the_total_with_unequal_weights() -> None:
    """To drop the lowest percentage would: b at 51 % is kept then, and weighs ten times as much as a at 50 %."""
    weights = {"a": {"weight": 1}, "b": {"weight": 10}, "c": {"weight": 1}}
    worse = total({"a": (50, 100), "b": (49, 100), "c": (100, 100)}, drop_lowest=1, assignments=weights)
    better = total({"a": (50, 100), "b": (51, 100), "c": (100, 100)}, drop_lowest=1, assignments=weights)
    assert (worse, better) == ("75.00", "75.00")


def test_a_total_that_lacks_something_is_never_shown_as_100() -> None:
    assert total({"a": (199, 200)}, decimals=0) == "99"
    assert total({"a": (Decimal("199999.99"), 200_000)}) == "99.99"
    assert total({"a": (200, 200)}, decimals=0) == "100"
    assert total({"a": (100, 100), "x": (1, 1)}, extra_credit=["x"]) == "101.00"


SHARES = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 200), st.integers(1, 10)), min_size=1, max_size=6)


@given(SHARES, st.integers(0, 3), st.integers(0, 5), st.data())
def test_better_marks_and_more_drops_never_lower_a_total(
    shares: list[tuple[int, int, int]], drop: int, extra: int, data: Any
) -> None:
    marks: dict[str, tuple[object, int]] = {f"a{i}": (p * m, 100 * m) for i, (p, m, _) in enumerate(shares)}
    marks["x"] = (extra, 20)
    weights = {f"a{i}": {"weight": w} for i, (_, _, w) in enumerate(shares)} | {"x": {"weight": 1}}
    entries: dict[str, Any] = {"assignments": weights, "extra_credit": ["x"]}
    base = Decimal(total(marks, drop_lowest=drop, **entries))
    assert Decimal(total(marks, drop_lowest=drop + 1, **entries)) >= base
    which = data.draw(st.sampled_from([n for n in marks if n != "x"]))
    points, possible = marks[which]
    raised = {**marks, which: (min(possible, int(str(points)) + possible // 10), possible)}
    assert Decimal(total(raised, drop_lowest=drop, **entries)) >= base


@given(SHARES, st.integers(1, 3))
def test_no_other_choice_of_drops_gives_more(shares: list[tuple[int, int, int]], drop: int) -> None:
    import itertools
    from fractions import Fraction

    marks: dict[str, tuple[object, int]] = {f"a{i}": (p, 100) for i, (p, _, _) in enumerate(shares)}
    weights = {f"a{i}": {"weight": w} for i, (_, _, w) in enumerate(shares)}
    kept = max(1, len(shares) - drop)
    best = max(
        Fraction(sum(p * w for p, _, w in some), sum(w for _, _, w in some))
        for some in itertools.combinations(shares, kept)
    )
    shown = Decimal(total(marks, drop_lowest=drop, assignments=weights))
    assert abs(Fraction(shown) - best) <= Fraction(1, 100)


# Grades.


@pytest.mark.parametrize(
    ("points", "decimals", "shown", "letter"),
    [
        (90, 2, "90.00", "A"),
        ("89.99", 2, "89.99", "B"),
        ("89.996", 2, "90.00", "A"),  # as displayed
        ("89.994", 2, "89.99", "B"),
        ("89.5", 0, "90", "A"),
        ("79.5", 1, "79.5", "B"),
        ("79.4", 0, "79", "F"),
        (0, 2, "0.00", "F"),
    ],
)
def test_the_grade_belongs_to_the_percentage_that_is_displayed(
    points: object, decimals: int, shown: str, letter: str
) -> None:
    made = anna({"a": (points, 100)}, grading_key=KEY, decimals=decimals)
    assert (str(made.total), made.letter) == (shown, letter)


def test_grades_may_be_numbers() -> None:
    assert anna({"a": (92, 100)}, grading_key=GERMAN).letter == "1.3"
    assert anna({"a": (49, 100)}, grading_key=GERMAN).letter == "5.0"


def test_without_a_total_or_a_key_there_is_no_grade() -> None:
    assert anna({"a": (92, 100)}).letter is None
    waits = make_marks(Book((attempt(1, judged=False),)), make_policy({"grading_key": KEY}), now=LATER)
    assert (waits.rows[0].letter, waits.letters) == (None, True)
    assert grade_of(Decimal(50), ()) is None


# The bonus.

PASS = {"bonus": ["quiz"], "pass_percent": 50}


def test_a_bonus_lifts_those_who_pass_without_it() -> None:
    made = anna({"exam": (60, 100), "quiz": (5, 10)}, **PASS)
    assert (str(made.total), made.reasons) == ("65.00", ("bonus: quiz (60.00 % → 65.00 %)",))
    made = anna({"exam": (49, 100), "quiz": (5, 10)}, **PASS)
    said = "no bonus for quiz: 50 % are needed without it, and there are 49.00 %"
    assert (str(made.total), made.reasons) == ("49.00", (said,))
    made = anna({"exam": (49, 100), "quiz": (5, 10)}, bonus=["quiz"], bonus_needs_pass=False)
    assert str(made.total) == "54.00"


def test_passing_is_judged_by_the_percentage_that_is_displayed() -> None:
    assert total({"exam": ("49.996", 100), "quiz": (5, 10)}, **PASS) == "55.00"
    assert total({"exam": ("49.99", 100), "quiz": (5, 10)}, **PASS) == "49.99"


def test_a_bonus_lifts_the_grade_and_its_absence_costs_nothing() -> None:
    assert anna({"exam": (88, 100), "quiz": (5, 10)}, **PASS, grading_key=KEY).letter == "A"
    made = anna({"exam": (88, 100), "quiz": (None, 10)}, **PASS, grading_key=KEY)
    assert (str(made.total), made.letter, made.reasons) == ("88.00", "B", ())


def test_a_bonus_weighs_what_the_policy_says() -> None:
    weights = {"exam": {"weight": 4}, "quiz": {"weight": 1}}
    assert total({"exam": (60, 100), "quiz": (5, 10)}, **PASS, assignments=weights) == "72.50"
