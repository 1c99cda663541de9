"""What the gradebook holds, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from autograder.gradebook.roster import Student


@dataclass(frozen=True)
class SlipShare:
    """Slip days of a student: ``spent`` on this assignment, ``left`` of ``budget`` for the term."""

    spent: int
    left: int
    budget: int


@dataclass(frozen=True)
class Mark:
    """A student's mark in one assignment.

    ``points`` is None while the mark is undecided, ``open`` is True while a hand-in is not judged through our fault,
    and ``counts`` is False while the total leaves the mark out: not due yet, or not judged yet.  ``time_unknown`` is
    True where a hand-in that counts has no time that counts, so there was no penalty; ``time_claimed`` where the
    student's own commit says when.  ``slip`` is None in a course without slip days.
    """

    student: str
    assignment: str
    points: Decimal | None
    possible: Decimal
    why: tuple[str, ...]
    attempts: tuple[int, ...] = ()  # ledger numbers of the attempts that count
    handed_in: int = 0
    open: bool = False
    counts: bool = True
    time_unknown: bool = False
    time_claimed: bool = False
    slip: SlipShare | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that the student reads about the mark."""
        if self.slip is None:
            return self.why
        return *self.why, f"slip days: {self.slip.spent} spent here, {self.slip.left} of {self.slip.budget} left"


@dataclass(frozen=True)
class Column:
    assignment: str
    kind: str
    possible: Decimal
    weight: Fraction
    extra: bool
    bonus: bool = False


@dataclass(frozen=True)
class Row:
    """All marks of a student.

    ``total`` is a percentage, None while nothing counts; ``letter`` is its grade, None without a grading key.
    """

    student: Student
    marks: Mapping[str, Mark]
    total: Decimal | None
    reasons: tuple[str, ...]
    letter: str | None = None
    slip_days_left: int | None = None


@dataclass(frozen=True)
class Gradebook:
    """The marks of a course; ``letters`` where it has a grading key, ``slip_days`` is the budget for the term."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    letters: bool = False
    slip_days: int = 0


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Round to ``decimals`` places; a half goes up."""
    units = (value * 10**decimals + Fraction(1, 2)).__floor__()
    return Decimal(units).scaleb(-decimals)


def brief(value: Fraction) -> str:
    """Write a number with at most two decimals and without needless zeros: 12, 7.5."""
    return f"{rounded(value, 2).normalize():f}"
