"""The commands override, extend and slip: what they refuse, what they store and what they say."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, attempt, choice, extension
from helpers.commands import Ran

from autograder.cli import ledger as commands
from autograder.gradebook.records import Book, Override
from autograder.submission.moments import CLAIMED, UNKNOWN

WHO = ("--by", "Lee", "--reason", "illness")
COURSE = """
[policy]
timezone = "Europe/Berlin"
slip_days = 5
slip_days_at_most = 3
[policy.assignments.toy]
due = 2026-11-20T23:59:00
"""


class FakeLedger:
    """A ledger in memory that keeps what a command asked for."""

    def __init__(self, book: Book) -> None:
        self.held = book
        self.asked: list[tuple[Any, ...]] = []

    def __enter__(self) -> FakeLedger:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def book(self, student: str = "") -> Book:
        return self.held

    def override(self, *arguments: Any) -> None:
        self.asked.append(arguments)

    extend = spend = override


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLedger:
    """A ledger with two attempts, one of them without a time, beside the course's policy."""
    tries = (attempt(1, 12), attempt(2, 5, submitted=None, source=UNKNOWN, possible=None))
    made = FakeLedger(Book(tries))
    monkeypatch.setattr(commands, "open_ledger", lambda db: made)
    monkeypatch.chdir(tmp_path)
    Path("course.toml").write_text(COURSE)
    return made


Command = Callable[..., Ran]


def said(ran: Ran) -> str:
    return " ".join((ran.out + ran.err).split())


# override


def test_points_above_the_maximum_are_asked_for(command: Command, held: FakeLedger) -> None:
    ran = command("override", 1, "20.5", *WHO)
    assert ran.code == 2 and held.asked == []
    assert (
        "20.5 points exceed the maximum of attempt 1, which is 20; to give more than the maximum, add --above"
        in said(ran)
    )
    assert command("override", 1, "20.5", *WHO, "--above-maximum").code == 0
    assert held.asked == [(1, Decimal("20.5"), "Lee", "illness")]


@pytest.mark.parametrize(("number", "points"), [(1, "20"), (1, "none"), (2, "99"), (7, "99")])
def test_other_points_need_no_question(number: int, points: str, command: Command, held: FakeLedger) -> None:
    """Full marks, a withdrawal, no maximum; an attempt that does not exist is the ledger's business."""
    assert command("override", number, points, *WHO).code == 0
    assert len(held.asked) == 1


# extend


@pytest.mark.parametrize(
    ("until", "means"),
    [
        ("2027-01-20", "2027-01-20T22:59:59+00:00"),
        ("2027-07-20", "2027-07-20T21:59:59+00:00"),  # summer time
        ("2027-01-20 18:00", "2027-01-20T17:00:00+00:00"),
        ("20.01.2027 18:00", "2027-01-20T17:00:00+00:00"),
        ("2027-01-20T18:00:00Z", "2027-01-20T18:00:00+00:00"),
    ],
)
def test_an_extension_ends_in_the_zone_of_the_course(
    until: str, means: str, command: Command, held: FakeLedger
) -> None:
    ran = command("extend", "anna", "toy", "--until", until, *WHO)
    assert ran.code == 0, ran.err
    assert held.asked == [("anna", "toy", datetime.datetime.fromisoformat(means), "Lee", "illness")]
    assert "in Europe/Berlin) for toy" in said(ran) and ran.err == ""


def test_a_day_alone_needs_a_zone(command: Command, held: FakeLedger) -> None:
    Path("course.toml").unlink()
    ran = command("extend", "anna", "toy", "--until", "2027-01-20", *WHO)
    assert ran.code == 2 and held.asked == []
    assert 'the end of 2027-01-20 is not known without a time zone: set timezone = "Europe/Berlin"' in said(ran)
    ran = command("extend", "anna", "toy", "--until", "2027-01-20 18:00", *WHO)
    assert ran.code == 2 and "has no time zone" in said(ran)
    assert command("extend", "anna", "toy", "--until", "2027-01-20 18:00 +01:00", *WHO).code == 0
    Path("other.toml").write_text(COURSE)
    assert command("extend", "anna", "toy", "--until", "2027-01-20", *WHO, "--policy", "other.toml").code == 0


@pytest.mark.parametrize("until", ["tomorrow", "3/4/2027 10:00", "2027-13-01", "2027-02-30 10:00"])
def test_what_is_no_time_is_refused(until: str, command: Command, held: FakeLedger) -> None:
    Path("course.toml").write_text(COURSE.replace("Europe/Berlin", "Asia/Tokyo"))
    ran = command("extend", "anna", "toy", "--until", until, *WHO)
    assert ran.code == 2 and held.asked == [] and "--until: expected a time like 2026-11-27 23:59" in said(ran)


@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31", "9999-12-31 10:00"])
def test_a_year_outside_the_calendar_is_refused(until: str, command: Command, held: FakeLedger) -> None:
    ran = command("extend", "anna", "toy", "--until", until, *WHO)
    assert ran.code == 2 and held.asked == [] and "--until: expected a" in said(ran)


def test_an_extension_is_taken_back(command: Command, held: FakeLedger) -> None:
    ran = command("extend", "anna", "toy", "--withdraw", *WHO)
    assert ran.code == 0 and held.asked == [("anna", "toy", None, "Lee", "illness")]
    assert "anna has no extension for toy any more" in said(ran)


@pytest.mark.parametrize("arguments", [(), ("--until", "2027-01-20", "--withdraw")], ids=["neither", "both"])
def test_a_deadline_or_a_withdrawal_is_expected(arguments: tuple[str, ...], command: Command, held: FakeLedger) -> None:
    ran = command("extend", "anna", "toy", *arguments, *WHO)
    assert ran.code == 2 and held.asked == []
    assert "expected either --until with the new deadline, or --withdraw" in said(ran)


def test_an_extension_that_changes_nothing_is_pointed_out(command: Command, held: FakeLedger) -> None:
    ran = command("extend", "anna", "toy", "--until", "2026-11-20", *WHO)
    assert ran.code == 0 and ran.err == ""  # a minute later than the class
    ran = command("extend", "anna", "toy", "--until", "2026-11-19", *WHO)
    assert "the deadline of the class is 2026-11-20 22:59 UTC: an extension to an earlier time" in said(ran)
    ran = command("extend", "anna", "tyo", "--until", "2026-12-19", *WHO)
    assert "the policy has no deadline for tyo: without one, an extension changes nothing" in said(ran)


# slip


def test_a_choice_of_slip_days_is_stored_and_withdrawn(command: Command, held: FakeLedger) -> None:
    ran = command("slip", "anna", "toy", "2", *WHO)
    assert ran.code == 0 and "anna spends at most 2 slip days on toy" in said(ran)
    ran = command("slip", "anna", "toy", "rules", *WHO)
    assert "anna has no choice of slip days for toy any more: by the rules, they are spent automatically" in said(ran)
    Path("course.toml").write_text(COURSE.replace("slip_days = 5", 'slip_days = 5\nslip = "chosen"'))
    assert "by the rules, none are spent" in said(command("slip", "anna", "toy", "rules", *WHO))
    assert held.asked == [("anna", "toy", n, "Lee", "illness") for n in (2, None, None)]


@pytest.mark.parametrize(
    ("assignment", "days", "says"),
    [
        ("toy", "4", "expected a number of slip days from 0 to 3, or \"rules\", got '4'"),
        ("toy", "1.5", "expected a number of slip days from 0 to 3"),
        ("toy", "²", "expected a number of slip days from 0 to 3"),
        ("toy", "9" * 5000, "expected a number of slip days from 0 to 3"),
        ("tyo", "1", "the policy has no deadline for tyo, so no slip days can be spent on it"),
    ],
    ids=str,
)
def test_days_that_the_policy_does_not_allow_are_refused(
    assignment: str, days: str, says: str, command: Command, held: FakeLedger
) -> None:
    ran = command("slip", "anna", assignment, days, *WHO)
    assert ran.code == 2 and held.asked == [] and says in said(ran)


def test_a_course_without_slip_days_refuses_them(command: Command, held: FakeLedger) -> None:
    Path("course.toml").unlink()
    ran = command("slip", "anna", "toy", "1", *WHO)
    assert ran.code == 2 and "the policy has no slip days: add slip_days = 5 to [policy] of course.toml" in said(ran)


def test_choices_beyond_the_budget_are_pointed_out(command: Command, held: FakeLedger) -> None:
    held.held = Book((), slip_days=(choice(3), choice(3, 1, assignment="b")))
    ran = command("slip", "anna", "toy", "3", *WHO)
    assert ran.code == 0
    assert "the choices of anna add up to 6, and there are 5 slip days: assignments that are due first get" in said(ran)


# attempts


def test_attempts_are_listed_with_their_times_and_decisions(command: Command, held: FakeLedger) -> None:
    held.held = Book(
        (*held.held.attempts, attempt(3, submitted=DUE, source=CLAIMED)),
        (Override(1, Decimal(3), "Lee", "copied", DUE + DAY), Override(1, Decimal(9), "Lee", "first", DUE)),
        (extension(DUE + DAY), extension(None, 1)),
        (choice(2), choice(None, 1)),
    )
    shown = said(command("attempts"))
    assert "2 anna toy unknown" in shown and "(claimed)" in shown
    assert "3 by Lee: copied" in shown  # the last one by its time
    assert "anna has until 2026-11-21 22:59 UTC for toy (by Lee: illness)" in shown
    assert "anna has no extension for toy any more (by Lee: illness)" in shown
    assert "anna spends at most 2 slip days on toy (by anna: by e-mail)" in shown
    assert "anna spends as many slip days as the rules say on toy" in shown
    rows = json.loads(command("attempts", "--json").out)
    assert [(r["submitted"], r["source"]) for r in rows] == [
        ("2026-11-19T22:59:01+00:00", "platform"),
        (None, "unknown"),
        ("2026-11-20T22:59:00+00:00", "claimed"),
    ]
