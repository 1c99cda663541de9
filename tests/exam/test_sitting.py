"""Sittings derived from events: until when a student may answer, and which answers count."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from autograder.exam.blueprint import Exam
from autograder.exam.cells import Accommodation, Section
from autograder.exam.sitting import (
    BEGUN,
    DONE,
    EARLY,
    ENDED,
    EXTENDED,
    MISSED,
    READY,
    RELEASED,
    REOPENED,
    SUBMITTED,
    WITHDRAWN,
    WORKING,
    Event,
    StoredResponse,
    Timeliness,
    may_begin,
    phase,
    released,
    sittings,
    sort_answers,
)

NINE = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)
EXAM = Exam("mid", "Mid-term", 60, (Section("A"),), opens=NINE, closes=NINE + datetime.timedelta(hours=3), grace=60)


def at(minutes: float) -> datetime.datetime:
    return NINE + datetime.timedelta(minutes=minutes)


def event(kind: str, moment: float, student: str = "ada", **data: object) -> Event:
    return Event(0, student, kind, at(moment), data)


def answer(name: str, response: object, minutes: float, sitting: int = 1) -> StoredResponse:
    return StoredResponse(0, "ada", sitting, name, response, False, None, at(minutes))


@pytest.mark.parametrize(
    ("events", "minutes", "expected"),
    [
        ([], -1, EARLY),
        ([], 0, READY),
        ([], 179.9, READY),
        ([], 180, MISSED),
        ([event(BEGUN, 10)], 69.9, WORKING),
        ([event(BEGUN, 10)], 70.1, ENDED),
        ([event(BEGUN, 150)], 179, WORKING),
        ([event(BEGUN, 150)], 181, ENDED),  # a late starter has time until the window closes
        ([event(BEGUN, 10), event(SUBMITTED, 20)], 30, DONE),
        ([event(BEGUN, 10), event(SUBMITTED, 20), event(REOPENED, 100, minutes=15)], 114, WORKING),
        ([event(BEGUN, 10), event(SUBMITTED, 20), event(REOPENED, 100, minutes=15)], 116, ENDED),
        ([event(BEGUN, 10), event(REOPENED, 100, minutes=15)], 114, WORKING),
        ([event(BEGUN, 10), event(EXTENDED, 20, minutes=30)], 99, WORKING),
        ([event(BEGUN, 10), event(EXTENDED, 20, "", minutes=30)], 99, WORKING),
        ([event(BEGUN, 10), event(EXTENDED, 20, "bob", minutes=30)], 71, ENDED),
        ([event(EXTENDED, -5, "", minutes=30), event(BEGUN, 10)], 99, WORKING),
        ([event(BEGUN, 10), event(EXTENDED, 90, minutes=30)], 95, WORKING),  # time had run out
        ([event(EXTENDED, 1, minutes=30)], 200, READY),  # and may begin later too
        ([event(SUBMITTED, 5)], 6, READY),  # of nothing
        ([event(BEGUN, 10, "")], 11, READY),  # of no student
    ],
)
def test_events_and_time_give_the_phase(events: list[Event], minutes: float, expected: str) -> None:
    assert phase(EXAM, "ada", events, at(minutes))[0] == expected


def test_accommodations_reach_beyond_the_window() -> None:
    exam = replace(EXAM, accommodations=(("ada", Accommodation(percent=50)),))
    events = [event(BEGUN, 150)]
    assert sittings(exam, "ada", events)[0].ends == at(210)
    assert sittings(EXAM, "ada", events)[0].ends == at(180)


def test_answers_count_while_the_sitting_is_open_and_the_newest_wins() -> None:
    events = [event(BEGUN, 0), event(SUBMITTED, 30), event(REOPENED, 40, minutes=10)]
    (sat,) = sittings(EXAM, "ada", events)
    answers = [
        answer("q1", "first", 10),
        answer("q1", "second", 20),
        answer("q1", "between hand-in and reopening", 35),
        answer("q2", "after reopening", 45),
        answer("q3", "within the grace period", 60.5),
        answer("q4", "after the grace period", 61.5),
        answer("q5", "of another sitting", 10, sitting=2),
        answer("q6", "to an item of another form", 10),
    ]
    result = sort_answers(sat, answers, {"q1", "q2", "q3", "q4", "q5"})
    assert {name: one.response for name, one in result.counted.items()} == {
        "q1": "second",
        "q2": "after reopening",
        "q3": "within the grace period",
    }
    assert result.newest["q1"].response == "between hand-in and reopening"  # what the page shows
    assert set(result.newest) == {"q1", "q2", "q3", "q4"}
    assert result.late == ("q3",) and result.after_time == ("q1", "q4")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (-0.1, Timeliness.AFTER_TIME),  # before the sitting
        (0, Timeliness.IN_TIME),
        (60, Timeliness.IN_TIME),
        (60.5, Timeliness.LATE),
        (61, Timeliness.LATE),
        (61.1, Timeliness.AFTER_TIME),
    ],
)
def test_timeliness_of_an_answer(minutes: float, expected: Timeliness) -> None:
    (sat,) = sittings(EXAM, "ada", [event(BEGUN, 0)])
    assert sat.timeliness(at(minutes)) is expected
    assert sat.counts(at(minutes)) is (expected is not Timeliness.AFTER_TIME)


def test_more_time_counts_answers_that_came_too_late() -> None:
    saved = [answer("q1", "early", 5), answer("q1", "too late", 70)]
    before = sittings(EXAM, "ada", [event(BEGUN, 0)])[0]
    after = sittings(EXAM, "ada", [event(BEGUN, 0), event(EXTENDED, 80, "", minutes=15)])[0]
    assert sort_answers(before, saved, {"q1"}).counted["q1"].response == "early"
    assert sort_answers(after, saved, {"q1"}).counted["q1"].response == "too late"


def test_a_further_attempt_begins_when_the_last_has_ended() -> None:
    exam = replace(EXAM, attempts=2)
    begun = [event(BEGUN, 0)]
    assert not may_begin(exam, "ada", begun, at(10))  # one is running
    assert not may_begin(exam, "ada", begun, at(60.5))  # its grace is
    assert may_begin(exam, "ada", begun, at(62))
    done = [*begun, event(SUBMITTED, 20)]
    assert may_begin(exam, "ada", done, at(21)) and not may_begin(EXAM, "ada", done, at(21))
    assert not may_begin(exam, "ada", [*done, event(RELEASED, 20.5, "")], at(21))  # the keys are out
    twice = [*done, event(BEGUN, 30)]
    first, second = sittings(exam, "ada", twice)
    assert (first.number, second.number) == (1, 2) and first.submitted and not second.submitted
    assert first.handed_in() == at(20) and second.handed_in() == at(90)
    assert not may_begin(exam, "ada", [*twice, event(SUBMITTED, 40)], at(50))


def test_feedback_is_released_and_withdrawn() -> None:
    events = [event(RELEASED, 1, ""), event(WITHDRAWN, 2, ""), event(RELEASED, 3, "")]
    assert [released(events[:n]) for n in range(4)] == [False, True, False, True]
