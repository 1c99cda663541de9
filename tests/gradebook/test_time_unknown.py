"""An unknown time is unknown: it costs nothing, the mark says so, and the gradebook counts such marks."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, HOUR, LATER, attempt, extension, one, rules
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.marks import make_marks
from autograder.gradebook.policy import ATTEMPTS
from autograder.gradebook.records import Attempt, Book
from autograder.submission.moments import CLAIMED, GIVEN, PLATFORM, UNKNOWN

LATE = {"per_day_percent": 20, "cut_off_days": 4}
TRUSTED = {**LATE, "trust_commit_dates": True}


def untimed(number: int, points: object = 10, **other: Any) -> Attempt:
    return attempt(number, points, **{"submitted": None, "source": UNKNOWN, **other})


def claimed(number: int, points: object = 10, late: datetime.timedelta = DAY) -> Attempt:
    return attempt(number, points, submitted=DUE + late, source=CLAIMED)


def test_an_unknown_time_costs_nothing_and_is_said() -> None:
    mark = one([untimed(1)], rules(**LATE))
    assert (mark.points, mark.reasons) == (Decimal("10.00"), ("time unknown",))
    assert (mark.time_unknown, mark.time_claimed) == (True, False)
    known = one([attempt(1)], rules(**LATE))
    assert (known.time_unknown, known.reasons) == (False, ())


def test_a_time_that_a_person_gave_counts() -> None:
    mark = one([attempt(1, submitted=DUE + DAY, source=GIVEN)], rules(**LATE))
    assert (mark.points, mark.time_unknown) == (Decimal("8.00"), False)


def test_a_time_without_a_known_source_is_unknown() -> None:
    assert one([attempt(1, submitted=DUE + DAY, source=UNKNOWN)], rules(**LATE)).reasons == ("time unknown",)


def test_a_claimed_time_counts_only_if_the_policy_trusts_it() -> None:
    mark = one([claimed(1)], rules(**LATE))
    assert (mark.points, mark.reasons) == (Decimal("10.00"), ("time claimed by the student, not counted",))
    assert (mark.time_unknown, mark.time_claimed) == (True, True)
    mark = one([claimed(1)], rules(**TRUSTED))
    said = ("time claimed by the student", "1 day late: −20 % (10 → 8)")
    assert (mark.points, mark.reasons) == (Decimal("8.00"), said)
    assert (mark.time_unknown, mark.time_claimed) == (False, True)


def test_the_gradebook_says_how_many_marks_have_no_time() -> None:
    book = Book((untimed(1), untimed(2, student="ben"), claimed(3), attempt(4, student="cem"), claimed(5, 20)))
    assert make_marks(book, rules(**LATE), now=LATER).remarks == (
        "time unknown for 2 marks, so lateness cost nothing there; for 1 of them the student's commit claims a time, "
        "which counts only with trust_commit_dates = true",
    )
    only = Book((untimed(1), attempt(2, 20)))
    assert make_marks(only, rules(), now=LATER).remarks == ()  # the attempt that counts has a time
    assert make_marks(Book((untimed(1),)), rules(), now=LATER).remarks == (
        "time unknown for 1 mark, so lateness cost nothing there",
    )


@pytest.mark.parametrize("limit", [1, 2])
def test_an_attempt_without_a_time_uses_up_no_other_attempt(limit: int) -> None:
    """Nobody knows which came first: neither pushes the other beyond the limit."""
    assert one([attempt(1, 5), untimed(2, 12)], rules(limit=limit)).points == Decimal("12.00")
    assert one([attempt(1, 12), untimed(2, 5)], rules(limit=limit)).points == Decimal("12.00")
    decay = {"attempts": "decay", "decay": Decimal("0.5"), "limit": limit}
    assert one([attempt(1, 5), untimed(2, 12)], rules(**decay)).points == Decimal("12.00")


def test_attempts_without_a_time_follow_the_order_of_the_ledger() -> None:
    tries = [untimed(1, 5), untimed(2, 12), untimed(3, 8)]
    assert one(tries, rules(attempts="last")).points == Decimal("8.00")
    assert one(tries, rules(limit=1)).points == Decimal("5.00")
    assert one(tries, rules(attempts="last")).reasons == ("last of 3 attempts", "time unknown")


@pytest.mark.parametrize(("with_time", "without"), [(5, 12), (12, 5)])
def test_the_better_of_the_two_last_attempts_counts(with_time: int, without: int) -> None:
    mark = one([attempt(1, with_time), untimed(2, 20), untimed(3, without)], rules(attempts="last"))
    assert mark.points == Decimal("12.00")
    counts = 1 if with_time > without else 3
    assert mark.reasons[0] == f"last of 3 attempts, with or without a time: attempt {counts} counts"


def test_a_time_that_becomes_known_counts() -> None:
    """The same bytes from a download that has times, after a folder that had none."""
    same = "5" * 64
    first = untimed(1, submission=same, recorded=DUE + 9 * DAY)
    second = attempt(2, submission=same, submitted=DUE + DAY)
    mark = one([first, second], rules(**LATE))
    assert (mark.points, mark.handed_in, mark.time_unknown) == (Decimal("8.00"), 1, False)
    earlier = untimed(1, submission=same, recorded=DUE + HOUR)  # it was there before: another hand-in
    mark = one([earlier, second], rules(**LATE))
    assert (mark.points, mark.handed_in, mark.time_unknown) == (Decimal("10.00"), 2, True)


def test_judged_again_without_a_time_is_one_hand_in() -> None:
    first = untimed(1, 12)
    again = untimed(2, 15, submission=first.submission, engine="0.2")
    mark = one([first, again], rules(limit=1))
    assert (mark.points, mark.handed_in, mark.attempts) == (Decimal("15.00"), 1, (2,))


def test_an_override_needs_no_time() -> None:
    from autograder.gradebook.records import Override

    mark = one([untimed(1)], rules(), overrides=(Override(1, Decimal(3), "Lee", "copied", DUE),))
    assert (mark.points, mark.reasons, mark.time_unknown) == (Decimal("3.00"), ("set to 3 by Lee: copied",), False)


def test_the_limit_leaves_out_what_is_best_for_the_student() -> None:
    """With a limit of 2, the attempt without a time may have been the first: then the third with a time is beyond."""
    tries = [attempt(1, 12), attempt(2, 5), untimed(3, 3)]
    mark = one(tries, rules(attempts="last", limit=2))
    assert (mark.points, mark.attempts) == (Decimal("12.00"), (1,))
    assert one(tries, rules(attempts="average", limit=2)).points == Decimal("8.50")
    assert one(tries, rules(attempts="average", limit=1)).points == Decimal("12.00")


ANY = st.lists(
    st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(-40, 200)), st.booleans()), min_size=1, max_size=6
).map(
    lambda found: [
        untimed(i, p)
        if hours is None
        else attempt(i, p, submitted=DUE + hours * HOUR, source=CLAIMED if claim else PLATFORM)
        for i, (p, hours, claim) in enumerate(found, 1)
    ]
)


@given(ANY, st.sampled_from(["best", "last", "decay"]), st.integers(1, 4), st.data())
def test_a_time_that_is_lost_never_costs(attempts: list[Attempt], which: str, limit: int, data: Any) -> None:
    """Under an average it may: an attempt that came after the cut-off counts again."""
    policy = rules(**LATE, attempts=which, limit=limit)
    known = [dataclasses.replace(a, source=PLATFORM) for a in attempts if a.submitted is not None]
    if not known:
        return
    lost = data.draw(st.sampled_from(known))
    left = [untimed(a.number, a.points) if a is lost else a for a in known]
    before, after = one(known, policy).points, one(left, policy).points
    assert before is not None and after is not None and after >= before


@given(ANY, st.sampled_from(ATTEMPTS), st.randoms())
def test_the_order_of_rows_does_not_matter_without_times(attempts: list[Attempt], which: str, random: Any) -> None:
    shuffled = list(attempts)
    random.shuffle(shuffled)
    policy = rules(**LATE, attempts=which, limit=2)
    later = (extension(DUE + DAY),)
    assert one(attempts, policy, extensions=later) == one(shuffled, policy, extensions=later)
