"""What must hold for every book: marks depend on what happened, not on how it is listed, and more never costs."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

from helpers.attempts import DUE, HOUR, LATER, SECOND, attempt, choice, extension
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.marks import Gradebook, make_marks
from autograder.gradebook.policy import ATTEMPTS, Policy, make_policy
from autograder.gradebook.records import Attempt, Book, Judgement, Override
from autograder.submission.moments import CLAIMED, PLATFORM, UNKNOWN

NAMES = {"a": DUE, "b": DUE - 100 * HOUR, "c": None}
POINTS = st.integers(0, 40).map(lambda n: Decimal(n) / 2)
TIMES = st.one_of(st.none(), st.integers(-60, 200).map(lambda h: DUE + h * HOUR))
TRIES = st.lists(
    st.tuples(
        st.sampled_from(["anna", "ben"]),
        st.sampled_from(sorted(NAMES)),
        TIMES,
        st.sampled_from([PLATFORM, CLAIMED]),
        st.integers(1, 4),  # the bytes
        POINTS,
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
POLICIES = st.fixed_dictionaries(
    {"per_day_percent": st.sampled_from([0, 20, Decimal("33.3"), 100])},
    optional={
        "attempts": st.sampled_from(ATTEMPTS),
        "limit": st.integers(1, 3),
        "grace_minutes": st.sampled_from([0, 10, 1000]),
        "cut_off_days": st.sampled_from([0, 1, Decimal("2.5")]),
        "timezone": st.just("Europe/Berlin"),
        "slip_days": st.integers(0, 5),
        "slip": st.sampled_from(["automatic", "chosen"]),
        "trust_commit_dates": st.booleans(),
        "after_rejudging": st.sampled_from(["last", "best"]),
        "drop_lowest": st.integers(0, 2),
        "decimals": st.integers(0, 2),
        "grading_key": st.just({"A": 80, "F": 0}),
    },
)


def policy_of(entries: dict[str, Any]) -> Policy:
    return make_policy({**entries, "assignments": {n: {"due": t} if t else {} for n, t in NAMES.items()}})


def tried(found: list[tuple[Any, ...]]) -> list[Attempt]:
    return [
        attempt(
            i, points, student=who, assignment=name, submitted=time, source=source if time else UNKNOWN,
            submission=f"{data:064x}", judged=judged, seed=f"s{i}", recorded=DUE + 40 * i * HOUR,
        )
        for i, (who, name, time, source, data, points, judged) in enumerate(found, 1)
    ]  # fmt: skip


@st.composite
def books(draw: st.DrawFn) -> Book:
    attempts = tried(draw(TRIES))
    numbers = st.sampled_from([a.number for a in attempts])
    name, hours = st.sampled_from(sorted(NAMES)), st.one_of(st.none(), st.integers(-50, 200))
    overrides = draw(st.lists(st.tuples(numbers, st.one_of(st.none(), POINTS)), max_size=3))
    extended = draw(st.lists(st.tuples(name, hours), max_size=3))
    chosen = draw(st.lists(st.tuples(name, st.one_of(st.none(), st.integers(0, 6))), max_size=3))
    judged = draw(st.lists(st.tuples(numbers, POINTS, st.booleans()), max_size=4))
    return Book(
        tuple(attempts),
        tuple(Override(n, p, "Lee", "so", DUE + i * SECOND) for i, (n, p) in enumerate(overrides)),
        tuple(extension(None if h is None else DUE + h * HOUR, i, assignment=n) for i, (n, h) in enumerate(extended)),
        tuple(choice(d, i, assignment=n) for i, (n, d) in enumerate(chosen)),
        tuple(Judgement(n, DUE + i * SECOND, "x", p, Decimal(20), j) for i, (n, p, j) in enumerate(judged)),
    )


def marks(book: Book, entries: dict[str, Any], now: datetime.datetime = LATER) -> Gradebook:
    return make_marks(book, policy_of(entries), now=now)


def points(made: Gradebook, student: str, assignment: str) -> Decimal:
    row = next((r for r in made.rows if r.student.id == student), None)
    found = row.marks[assignment].points if row and assignment in row.marks else None
    return found or Decimal(0)


@given(books(), POLICIES, st.randoms())
def test_marks_never_depend_on_the_order_of_rows(book: Book, entries: dict[str, Any], random: Any) -> None:
    mixed = {}
    for field in dataclasses.fields(book):
        rows = list(getattr(book, field.name))
        random.shuffle(rows)
        mixed[field.name] = tuple(rows)
    assert marks(Book(**mixed), entries) == marks(book, entries)


@given(books(), POLICIES, st.sampled_from(sorted(NAMES)), st.integers(-50, 200))
def test_an_extension_that_is_taken_back_leaves_no_trace(
    book: Book, entries: dict[str, Any], name: str, hours: int
) -> None:
    before = dataclasses.replace(book, extensions=tuple(e for e in book.extensions if e.assignment != name))
    more = extension(DUE + hours * HOUR, 50, assignment=name), extension(None, 51, assignment=name)
    assert marks(dataclasses.replace(before, extensions=(*before.extensions, *more)), entries) == marks(before, entries)


@given(books(), POLICIES, TRIES)
def test_another_attempt_never_lowers_a_mark_where_the_best_counts(
    book: Book, entries: dict[str, Any], more: list[tuple[Any, ...]]
) -> None:
    """Without a limit, that is: an attempt from before another one uses up a place within it."""
    entries = {k: v for k, v in entries.items() if k not in ("attempts", "limit")}
    new = tried(more)[0]
    new = dataclasses.replace(new, number=99, submission="f" * 64)
    before, after = marks(book, entries), marks(dataclasses.replace(book, attempts=(*book.attempts, new)), entries)
    assert points(after, new.student, new.assignment) >= points(before, new.student, new.assignment)


@given(books(), POLICIES)
def test_every_mark_is_exact_in_bounds_and_explained(book: Book, entries: dict[str, Any]) -> None:
    policy = policy_of(entries)
    for row in marks(book, entries).rows:
        assert row.total is None or -row.total.as_tuple().exponent == policy.decimals  # type: ignore[operator]
        assert (row.letter is None) == (row.total is None or not policy.grading_key)
        for mark in row.marks.values():
            assert mark.points is None or 0 <= mark.points <= 20
            assert mark.points is not None or mark.reasons
            assert not mark.time_unknown or any(part in " ".join(mark.why) for part in ("time unknown", "not counted"))
        if policy.slip_days:
            assert row.slip_days_left == policy.slip_days - sum(m.slip.spent for m in row.marks.values() if m.slip)
            assert (row.slip_days_left or 0) >= 0
