"""What the ledger holds, as frozen data; times are aware and in UTC."""

from __future__ import annotations

import datetime
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from autograder.errors import UserError

DEFAULT = "sqlite:///course.db"

ASSIGNMENT, EXAM = "assignment", "exam"
KINDS = (ASSIGNMENT, EXAM)

LONGEST = 200
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class LedgerError(UserError):
    """A request that the ledger cannot carry out; the message says what was expected."""


@dataclass(frozen=True)
class Person:
    """A student or a member of staff.  The ledger holds ids; names and addresses may change."""

    id: str
    name: str = ""
    email: str = ""
    login: str = ""
    section: str = ""


@dataclass(frozen=True)
class Attempt:
    """One judged hand-in.  ``points`` is None while nothing could be scored."""

    number: int
    student: str
    assignment: str
    kind: str
    submission: str  # sha256
    name: str  # what the file or folder was called; safe to print
    submitted: datetime.datetime | None  # None: nobody knows when
    source: str  # who says when: see autograder.submission.moments; "" in attempts of the ledger's first version
    recorded: datetime.datetime
    seed: str
    engine: str
    sandbox: str
    object: str
    points: Decimal | None
    possible: Decimal | None
    judged: bool
    rubric: str
    late: bool | None = None  # what the platform says
    team: str = ""
    recorded_time: datetime.datetime | None = None  # the time of submission as it was first recorded


@dataclass(frozen=True)
class Override:
    """A person's decision about an attempt; ``points`` None withdraws earlier decisions."""

    attempt: int
    points: Decimal | None
    by: str
    reason: str
    at: datetime.datetime


@dataclass(frozen=True)
class Extension:
    """More time for one student; the last extension counts.  ``until`` None takes earlier extensions back."""

    student: str
    assignment: str
    until: datetime.datetime | None
    by: str
    reason: str
    at: datetime.datetime


@dataclass(frozen=True)
class SlipDays:
    """Slip days that a student chose to spend on an assignment; the last choice counts.  None: as the rules say."""

    student: str
    assignment: str
    days: int | None
    by: str
    reason: str
    at: datetime.datetime


@dataclass(frozen=True)
class Judgement:
    """What an attempt was worth at one time; the last judgement of an attempt is the current one."""

    attempt: int
    at: datetime.datetime
    why: str
    points: Decimal | None
    possible: Decimal | None
    judged: bool


@dataclass(frozen=True)
class Book:
    """Everything that marks are computed from.

    Attributes:
      judgements: all that each attempt was worth, in the order of time; only of attempts with several.
    """

    attempts: tuple[Attempt, ...]
    overrides: tuple[Override, ...] = ()
    extensions: tuple[Extension, ...] = ()
    slip_days: tuple[SlipDays, ...] = ()
    judgements: tuple[Judgement, ...] = ()


def utc(time: datetime.datetime, what: str = "the time") -> datetime.datetime:
    """Convert a time to UTC.  Raises LedgerError for a time without an offset, which is ambiguous."""
    if time.tzinfo is None or time.utcoffset() is None:
        raise LedgerError(f"{what} {time.isoformat()} has no time zone: expected one like 2026-11-20T23:59:00+01:00")
    return time.astimezone(datetime.UTC)


def stamp(time: datetime.datetime, what: str = "the time") -> str:
    """Write a time as text in UTC, of fixed width, so that texts sort in the order of time.  Raises LedgerError."""
    return utc(time, what).strftime(_FORMAT)


def written(time: datetime.datetime | None, what: str = "the time") -> str:
    """Write a time as :func:`stamp` does; "" for an unknown one."""
    return "" if time is None else stamp(time, what)


def time_of(text: str) -> datetime.datetime | None:
    """Read what :func:`written` wrote."""
    return moment(text) if text else None


def moment(text: str) -> datetime.datetime:
    """Read the time that :func:`stamp` wrote."""
    return datetime.datetime.fromisoformat(text)  # strptime() takes ten times as long


def read_time(text: str, what: str = "the time") -> datetime.datetime:
    """Read a time that a person typed: ISO 8601 with an offset or Z.  Raises LedgerError."""
    try:
        return utc(datetime.datetime.fromisoformat(text.strip()), what)
    except (ValueError, OverflowError):
        raise LedgerError(f"{what}: expected a time like 2026-11-20T23:59:00+01:00, got {text[:60]!r}") from None


def read_points(text: str) -> Decimal:
    """Read points that a person typed.  Raises LedgerError."""
    try:
        points = Decimal(text.strip())
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or not 0 <= points <= 1_000_000:
        raise LedgerError(f"points: expected a number from 0 to 1,000,000, such as 17.5, got {text[:60]!r}")
    return points


def short(points: Decimal | None) -> str:
    """Write points without needless zeros: 26, 17.5."""
    return "–" if points is None else f"{points.normalize():f}"


def label(text: str, what: str) -> str:
    """Check a name for the ledger: one line without invisible characters.  Raises LedgerError."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        raise LedgerError(f"{what}: expected a name, got nothing")
    if len(text) > LONGEST:
        raise LedgerError(f"{what}: expected at most {LONGEST} characters, got {len(text)}")
    hidden = next((c for c in text if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"), None)
    if hidden is not None:
        raise LedgerError(f"{what}: {text!a} contains the invisible character U+{ord(hidden):04X}: type it again")
    return text
