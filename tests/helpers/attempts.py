"""Attempts, policies and marks made by hand, without a database."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

from autograder.gradebook.marks import Mark, Row, make_marks
from autograder.gradebook.policy import Policy, make_policy
from autograder.gradebook.records import Attempt, Book, Extension, SlipDays
from autograder.results import CheckScore, Provenance, Result, Score
from autograder.submission.moments import PLATFORM

DUE = datetime.datetime(2026, 11, 20, 22, 59, tzinfo=datetime.UTC)
SECOND, MINUTE = datetime.timedelta(seconds=1), datetime.timedelta(minutes=1)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
LATER = DUE + 100 * DAY
NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)


def made(
    student: str = "anna", points: float = 3.5, *, digest: str = "b", judged: bool = True, seed: str = "s1"
) -> Result:
    """A result of "toy", out of 10, as a grading run makes it."""
    provenance = Provenance("toy", "1", "a", "0.1", digest * 64, seed, "full", "cpu", created=NOON.isoformat())
    checks = (CheckScore("standardize_values", points, 10.0),)
    return Result(f"{student}.py", provenance, score=Score(points, 10.0, checks, judged, "r1"))


def attempt(number: int, points: object = 10, *, at: datetime.datetime = DUE - DAY, **other: Any) -> Attempt:
    """An attempt of anna at "toy", out of 20, ``number`` seconds after ``at``."""
    value = None if points is None else Decimal(str(points))
    made = Attempt(
        number, "anna", "toy", "assignment", f"{number:064x}", "anna.py", at + number * SECOND, PLATFORM,
        LATER, "s1", "0.1", "full", "", value, Decimal(20), True, "r1",
    )  # fmt: skip
    return dataclasses.replace(made, **other)


def rules(**entries: Any) -> Policy:
    """A policy in which "toy" is due at ``DUE``."""
    return make_policy({"assignments": {"toy": {"due": DUE}}, **entries})


def row(attempts: list[Attempt], policy: Policy, **book: Any) -> Row:
    """The marks of the first student."""
    return make_marks(Book(tuple(attempts), **book), policy, now=LATER).rows[0]


def one(attempts: list[Attempt], policy: Policy, **book: Any) -> Mark:
    """The first student's mark in "toy"."""
    return row(attempts, policy, **book).marks["toy"]


def extension(until: datetime.datetime | None, n: int = 0, **other: Any) -> Extension:
    """The n-th decision about anna's deadline of "toy"."""
    return dataclasses.replace(Extension("anna", "toy", until, "Lee", "illness", DUE + n * SECOND), **other)


def choice(days: int | None, n: int = 0, **other: Any) -> SlipDays:
    """The n-th decision about anna's slip days for "toy"."""
    return dataclasses.replace(SlipDays("anna", "toy", days, "anna", "by e-mail", DUE + n * SECOND), **other)
