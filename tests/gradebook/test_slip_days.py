"""Slip days cover late days: in the order of deadlines, never in vain, never beyond the budget."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, LATER, attempt, choice, extension, one, row, rules
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.marks import make_marks
from autograder.gradebook.policy import Policy, make_policy
from autograder.gradebook.records import Attempt, Book, Override
from autograder.gradebook.slip_days import spend

SLIP = {"per_day_percent": 20, "slip_days": 5}
CHOSEN = {**SLIP, "slip": "chosen"}


def late(days: float, number: int = 1, points: object = 10, **other: Any) -> Attempt:
    return attempt(number, points, submitted=DUE + days * DAY, **other)


def term(**entries: Any) -> Policy:
    """Three assignments; the order of their deadlines is b, a, c."""
    due = {"a": DUE, "b": DUE - 7 * DAY, "c": DUE + 7 * DAY}
    return make_policy({**SLIP, "assignments": {name: {"due": time} for name, time in due.items()}, **entries})


def each_late(a: float, b: float, c: float) -> list[Attempt]:
    policy = term()
    days = {"a": a, "b": b, "c": c}
    return [
        attempt(i, assignment=name, submitted=(policy.rules(name).due or DUE) + n * DAY)
        for i, (name, n) in enumerate(days.items(), 1)
    ]


def spent(attempts: list[Attempt], policy: Policy, **book: Any) -> dict[str, int]:
    return {name: mark.slip.spent for name, mark in row(attempts, policy, **book).marks.items() if mark.slip}


@pytest.mark.parametrize(
    ("entries", "days", "points", "why"),
    [
        (SLIP, 2, "10.00", "2 days late, 2 covered by slip days: no penalty"),
        (SLIP, 7, "6.00", "7 days late, 5 covered by slip days: −40 % (10 → 6)"),
        ({**SLIP, "slip_days_at_most": 1}, 2, "8.00", "2 days late, 1 covered by a slip day: −20 % (10 → 8)"),
        (CHOSEN, 2, "6.00", "2 days late: −40 % (10 → 6)"),
        ({**SLIP, "slip_days": 0}, 2, "6.00", "2 days late: −40 % (10 → 6)"),
    ],
)
def test_a_late_day_that_a_slip_day_covers_costs_nothing(
    entries: dict[str, Any], days: int, points: str, why: str
) -> None:
    mark = one([late(days)], rules(**entries))
    assert (str(mark.points), mark.why) == (points, (why,))


def test_every_mark_says_what_was_spent_and_what_is_left() -> None:
    made = row(each_late(1, 2, 0), term())
    assert {name: m.reasons[-1] for name, m in made.marks.items()} == {
        "a": "slip days: 1 spent here, 2 of 5 left",
        "b": "slip days: 2 spent here, 2 of 5 left",
        "c": "slip days: 0 spent here, 2 of 5 left",
    }
    assert made.slip_days_left == 2
    without = row(each_late(1, 2, 0), term(slip_days=0))
    assert without.slip_days_left is None and without.marks["c"].reasons == ()


def test_assignments_that_are_due_first_get_theirs_first() -> None:
    assert spent(each_late(3, 4, 2), term()) == {"b": 4, "a": 1, "c": 0}
    assert spent(each_late(3, 4, 2), term(slip_days_at_most=2)) == {"b": 2, "a": 2, "c": 1}


def test_none_is_spent_where_it_changes_nothing() -> None:
    assert spent([late(2, points=0)], rules(**SLIP)) == {"toy": 0}  # the work earns nothing
    assert spent([late(2)], rules(**SLIP, cut_off_days=1)) == {"toy": 0}  # it does not count: slip days move no cut-off
    assert spent([late(2)], rules(slip_days=5)) == {"toy": 0}  # a late day costs nothing
    better = [attempt(1, 15), late(2, number=2)]
    assert spent(better, rules(**SLIP)) == {"toy": 0}  # another attempt counts
    decided = Override(1, Decimal(9), "Lee", "oral exam", DUE)
    assert spent([late(2)], rules(**SLIP), overrides=(decided,)) == {"toy": 0}
    assert spent([late(2, judged=False)], rules(**SLIP)) == {"toy": 0}
    assert spent([late(30)], rules(**SLIP)) == {"toy": 0}  # 25 days remain: −100 %
    unknown = attempt(1, submitted=None)
    assert spent([unknown], rules(**SLIP)) == {"toy": 0}


def test_extensions_and_slip_days_are_never_both_charged() -> None:
    given_more = (extension(DUE + 2 * DAY),)
    assert spent([late(2)], rules(**SLIP), extensions=given_more) == {"toy": 0}
    assert spent([late(3)], rules(**SLIP), extensions=given_more) == {"toy": 1}


def test_under_last_slip_days_never_bring_a_worse_attempt_back() -> None:
    tries = [attempt(1, 15), late(5, number=2)]  # the second is at −100 %; with one slip day it would be 2 points
    mark = one(tries, rules(**SLIP, attempts="last", slip_days_at_most=1))
    assert (mark.points, mark.slip and mark.slip.spent) == (Decimal("15.00"), 0)


def test_a_choice_is_the_most_that_is_spent() -> None:
    assert spent([late(2)], rules(**CHOSEN), slip_days=(choice(1),)) == {"toy": 1}
    assert spent([late(2)], rules(**CHOSEN), slip_days=(choice(4),)) == {"toy": 2}  # not in vain
    assert spent([late(2)], rules(**SLIP), slip_days=(choice(0),)) == {"toy": 0}  # saved for later
    assert spent([late(9)], rules(**CHOSEN), slip_days=(choice(9),)) == {"toy": 5}  # never beyond the budget
    assert spent([late(2)], rules(**CHOSEN, slip_days_at_most=1), slip_days=(choice(2),)) == {"toy": 1}


def test_the_last_choice_counts_and_may_be_withdrawn() -> None:
    changed = (choice(2), choice(1, 1))
    assert spent([late(2)], rules(**CHOSEN), slip_days=changed) == {"toy": 1}
    assert spent([late(2)], rules(**CHOSEN), slip_days=changed[::-1]) == {"toy": 1}
    withdrawn = (choice(1), choice(None, 1))
    assert spent([late(2)], rules(**CHOSEN), slip_days=withdrawn) == {"toy": 0}
    assert spent([late(2)], rules(**SLIP), slip_days=withdrawn) == {"toy": 2}


def test_days_that_are_saved_go_to_the_next_assignment() -> None:
    saved = (choice(0, assignment="b"),)
    assert spent(each_late(3, 4, 2), term(), slip_days=saved) == {"b": 0, "a": 3, "c": 2}


def test_an_assignment_without_a_deadline_takes_none() -> None:
    policy = make_policy(SLIP)
    assert spent([late(2)], policy) == {"toy": 0}


def test_spend_takes_the_fewest_days_that_make_a_mark_highest() -> None:
    worth = {"a": [5, 5, 7, 7], "b": [1, 2, 3, 4], "c": [None, None]}
    made = spend(
        ["a", "b", "c"],
        4,
        lambda name: len(worth[name]) - 1,
        lambda name, n: None if worth[name][n] is None else Decimal(worth[name][n] or 0),
    )
    assert made == {"a": 2, "b": 2, "c": 0}


# What must hold whatever the attempts are.

HOURS = st.integers(-60, 200).map(lambda h: datetime.timedelta(hours=h))
TRIES = st.lists(st.tuples(st.sampled_from("abc"), HOURS, st.integers(0, 20)), min_size=1, max_size=7)
RULES = st.fixed_dictionaries(
    {
        "slip_days": st.integers(1, 6),
        "per_day_percent": st.sampled_from([10, Decimal("33.3"), 100]),
        "attempts": st.sampled_from(["best", "last", "average", "decay"]),
        "slip": st.sampled_from(["automatic", "chosen"]),
    },
    optional={
        "slip_days_at_most": st.integers(0, 3),
        "cut_off_days": st.integers(0, 5),
        "drop_lowest": st.just(1),
        "timezone": st.just("Europe/Berlin"),
    },
)
CHOICES = st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 8))), max_size=4)


@given(TRIES, RULES, CHOICES, st.randoms())
def test_slip_days_never_cost_and_never_exceed_the_budget(
    tries: list[tuple[str, datetime.timedelta, int]],
    entries: dict[str, Any],
    choices: list[tuple[str, int | None]],
    random: Any,
) -> None:
    policy, without = term(**entries), term(**{**entries, "slip_days": 0})
    attempts = [
        attempt(i, points, assignment=name, submitted=(policy.rules(name).due or DUE) + hours)
        for i, (name, hours, points) in enumerate(tries, 1)
    ]
    chosen = [choice(days, n, assignment=name) for n, (name, days) in enumerate(choices)]
    made = row(attempts, policy, slip_days=tuple(chosen))
    plain = row(attempts, without)
    for name, mark in made.marks.items():
        assert (mark.points or 0) >= (plain.marks[name].points or 0)
        assert mark.slip is not None and mark.slip.spent >= 0
        if mark.points == plain.marks[name].points:
            assert mark.slip.spent == 0
    assert (made.total or 0) >= (plain.total or 0)
    used = sum(m.slip.spent for m in made.marks.values() if m.slip)
    assert used + (made.slip_days_left or 0) == policy.slip_days and used <= policy.slip_days
    random.shuffle(attempts)
    random.shuffle(chosen)
    again = make_marks(Book(tuple(attempts), slip_days=tuple(chosen)), policy, now=LATER)
    assert again.rows[0] == made
