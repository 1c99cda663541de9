"""What a later judgement of the same attempt does to the mark, by ``after_rejudging``."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, HOUR, attempt, one, rules
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.records import Attempt, Judgement, Override

KEPT = {"after_rejudging": "best"}


def judged(points: object, n: int = 0, number: int = 1, possible: object = 20, **other: Any) -> Judgement:
    values = [None if v is None else Decimal(str(v)) for v in (points, possible)]
    made = Judgement(number, DUE + n * HOUR, "re-scored", values[0], values[1], True)
    return dataclasses.replace(made, **other)


def test_the_last_judgement_counts_unless_the_policy_keeps_the_best() -> None:
    history = (judged(15), judged(12, 1))
    mark = one([attempt(1, 12)], rules(), judgements=history)
    assert (mark.points, mark.reasons) == (Decimal("12.00"), ())
    mark = one([attempt(1, 12)], rules(**KEPT), judgements=history)
    said = ("judged again with 12 points: the earlier 15 points are kept",)
    assert (mark.points, mark.reasons) == (Decimal("15.00"), said)


def test_a_higher_judgement_counts_either_way_and_says_nothing() -> None:
    history = (judged(12), judged(15, 1))
    for entries in ({}, KEPT):
        mark = one([attempt(1, 15)], rules(**entries), judgements=history)
        assert (mark.points, mark.reasons) == (Decimal("15.00"), ())


def test_the_same_bytes_judged_by_a_newer_version_are_the_same_attempt() -> None:
    first = attempt(1, 15)
    again = dataclasses.replace(first, number=2, points=Decimal(12), engine="0.2")
    assert one([first, again], rules()).points == Decimal("12.00")
    assert one([first, again], rules(**KEPT)).points == Decimal("15.00")
    other = attempt(2, 12)  # other bytes: another attempt
    assert one([first, other], rules(**KEPT, attempts="last")).points == Decimal("12.00")


def test_another_maximum_is_compared_as_a_share() -> None:
    mark = one(
        [attempt(1, 13, possible=Decimal(15))], rules(**KEPT), judgements=(judged(18), judged(13, 1, possible=15))
    )
    assert mark.points == Decimal("13.50")  # 18 of 20 are 90 %
    mark = one(
        [attempt(1, 14, possible=Decimal(15))], rules(**KEPT), judgements=(judged(18), judged(14, 1, possible=15))
    )
    assert (mark.points, mark.reasons) == (Decimal("14.00"), ())


@pytest.mark.parametrize("odd", [judged(19, judged=False), judged(None), judged(19, number=7)])
def test_what_is_no_judgement_of_the_attempt_is_not_kept(odd: Judgement) -> None:
    assert one([attempt(1, 12)], rules(**KEPT), judgements=(odd, judged(12, 1))).points == Decimal("12.00")


def test_late_days_and_overrides_apply_to_what_is_kept() -> None:
    late = attempt(1, 10, submitted=DUE + DAY)
    history = (judged(20), judged(10, 1))
    mark = one([late], rules(**KEPT, per_day_percent=20), judgements=history)
    assert mark.reasons[-1] == "1 day late: −20 % (20 → 16)" and mark.points == Decimal("16.00")
    override = Override(1, Decimal(3), "Lee", "copied", DUE)
    assert one([late], rules(**KEPT), judgements=history, overrides=(override,)).points == Decimal("3.00")


def test_an_attempt_that_waits_for_its_judgement_still_waits() -> None:
    mark = one([attempt(1, None, judged=False)], rules(**KEPT), judgements=(judged(12), judged(None, 1, judged=False)))
    assert (mark.points, mark.open) == (None, True)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.randoms())
def test_judging_again_never_costs_where_the_best_is_kept(values: list[int], random: Any) -> None:
    def mark(values: list[int]) -> Decimal:
        history = [judged(v, n) for n, v in enumerate(values)]
        random.shuffle(history)
        current: list[Attempt] = [attempt(1, values[-1])]
        found = one(current, rules(**KEPT), judgements=tuple(history)).points
        assert found is not None
        return found

    assert mark([*values, 0]) >= mark(values) == max(values)
