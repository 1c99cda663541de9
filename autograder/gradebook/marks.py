"""Compute marks from attempts and policy: pure, exact, with the reasons of every mark.

Everything is computed in fractions and rounded once, at the end: a half is rounded up.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from autograder.gradebook.hand_in import HandIn, due, hand_ins
from autograder.gradebook.policy import AVERAGE, BEST, DECAY, LAST, Policy, PolicyError, Rules
from autograder.gradebook.records import Attempt, Book, Extension, Override, short
from autograder.gradebook.roster import Roster, Student

MISSING = "nothing handed in"


@dataclass(frozen=True)
class Mark:
    """A student's mark in one assignment.

    ``points`` is None while the mark is undecided, ``open`` is True while a hand-in is not judged through our fault,
    and ``counts`` is False while the total leaves the mark out: not due yet, or not judged yet.
    """

    student: str
    assignment: str
    points: Decimal | None
    possible: Decimal
    reasons: tuple[str, ...]
    attempts: tuple[int, ...] = ()  # ledger numbers of the attempts that count
    handed_in: int = 0
    open: bool = False
    counts: bool = True


@dataclass(frozen=True)
class Column:
    assignment: str
    kind: str
    possible: Decimal
    weight: Fraction
    extra: bool


@dataclass(frozen=True)
class Row:
    """All marks of a student; ``total`` is a percentage, None while nothing counts."""

    student: Student
    marks: Mapping[str, Mark]
    total: Decimal | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Gradebook:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Move:
    """A mark that changed; ``assignment`` is "" for the total."""

    student: str
    name: str
    assignment: str
    before: Decimal | None
    after: Decimal | None
    why: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


def make_marks(
    book: Book, policy: Policy, roster: Roster | None = None, now: datetime.datetime | None = None
) -> Gradebook:
    """Make the gradebook of a course.

    Args:
      roster: the students, in order; students who handed in but are not on the roster come last.
      now: the present time; work that is missing but not yet due is not a zero.

    Raises:
      PolicyError: when some assignments have a weight and others have none.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    columns = _columns(book.attempts, policy)
    attempts: dict[tuple[str, str], list[Attempt]] = {}
    for a in book.attempts:
        attempts.setdefault((a.student, a.assignment), []).append(a)
    owner = {a.number: (a.student, a.assignment) for a in book.attempts}
    overrides: dict[tuple[str, str], list[Override]] = {}
    for o in book.overrides:
        if o.attempt in owner:
            overrides.setdefault(owner[o.attempt], []).append(o)
    extensions = {(e.student, e.assignment): e for e in book.extensions}
    rows = []
    for student in _students(book, roster):
        marks = {}
        for column in columns:
            key = (student.id, column.assignment)
            own = attempts.get(key, ()), overrides.get(key, ()), extensions.get(key)
            marks[column.assignment] = _mark(student.id, column, policy, *own, now)
        total, reasons = _total(marks, columns, policy)
        if roster is not None and roster.get(student.id) is None:
            reasons = ("not on the roster", *reasons)
        rows.append(Row(student, marks, total, reasons))
    known = {c.assignment for c in columns}
    named = sorted((set(policy.assignments) | policy.extra_credit) - known)
    remarks = tuple(f"the policy names {name!r}, but no student has handed it in" for name in named)
    return Gradebook(columns, tuple(rows), remarks)


def who_moved(
    before: Gradebook, after: Gradebook, because: Mapping[tuple[str, str], str] | None = None
) -> tuple[Move, ...]:
    """List the marks that differ between two gradebooks, by how much and why; the largest differences first.

    Args:
      because: (student, assignment) → what changed in the evidence's score, if the caller knows.
    """
    old = {row.student.id: row for row in before.rows}
    moves = []
    for row in after.rows:
        was = old.get(row.student.id)
        for name, mark in row.marks.items():
            past = was.marks.get(name) if was else None
            if past is None or mark.points != past.points:
                why = _news(past.reasons if past else (), mark.reasons)
                note = (because or {}).get((row.student.id, name))
                why = (note, *why) if note else why
                points = past.points if past else None
                if points != mark.points:
                    moves.append(Move(row.student.id, row.student.name, name, points, mark.points, why))
        total = was.total if was else None
        if total != row.total:
            why = _news(was.reasons if was else (), row.reasons)
            moves.append(Move(row.student.id, row.student.name, "", total, row.total, why))
    return tuple(sorted(moves, key=lambda m: (m.assignment == "", -abs(m.difference), m.student, m.assignment)))


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Round to ``decimals`` places; a half goes up."""
    units = (value * 10**decimals + Fraction(1, 2)).__floor__()
    return Decimal(units).scaleb(-decimals)


def _columns(attempts: Iterable[Attempt], policy: Policy) -> tuple[Column, ...]:
    newest: dict[str, Attempt] = {}
    for a in attempts:
        if a.possible is not None and (a.assignment not in newest or a.number > newest[a.assignment].number):
            newest[a.assignment] = a
        newest.setdefault(a.assignment, a)
    order = [n for n in policy.assignments if n in newest]
    order += sorted(set(newest) - set(order))
    weights = {n: policy.rules(n).weight for n in order}
    if any(w is not None for w in weights.values()):
        lacking = [n for n, w in weights.items() if w is None]
        if lacking:
            raise PolicyError(
                f"[policy] gives weights, but none to {lacking[0]!r}: add weight to [policy.assignments.{lacking[0]}]"
            )
    columns = []
    for name in order:
        possible = newest[name].possible or Decimal(0)
        weight = weights[name]
        counted = Fraction(possible) if weight is None else Fraction(weight)
        columns.append(Column(name, newest[name].kind, possible, counted, name in policy.extra_credit))
    return tuple(columns)


def _students(book: Book, roster: Roster | None) -> list[Student]:
    listed = list(roster.students) if roster else []
    known = {s.id for s in listed}
    others = sorted({a.student for a in book.attempts} - known)
    return listed + [Student(id) for id in others]


def _mark(
    student: str,
    column: Column,
    policy: Policy,
    attempts: Sequence[Attempt],
    overrides: Sequence[Override],
    extension: Extension | None,
    now: datetime.datetime,
) -> Mark:
    rules, name = policy.rules(column.assignment), column.assignment
    if not attempts:
        until = due(extension, rules)
        early = until is not None and now <= until + rules.grace
        return Mark(student, name, None, column.possible, ("not due yet",) if early else (MISSING,), counts=not early)
    found = hand_ins(attempts, overrides, extension, rules)
    waits = any(h.waits for h in found)
    points, chosen, reasons = _choose(found, rules)
    waiting = tuple(r for h in found if h.waits for r in h.reasons)
    if points is None and waits:
        return Mark(student, name, None, column.possible, waiting, (), len(found), open=True, counts=False)
    if points is None:
        points, reasons = Fraction(0), tuple(r for h in found for r in h.reasons)
    else:
        reasons += waiting
    scored = {h.attempt.possible for h in chosen if not h.decided} - {None, column.possible}
    if scored:
        other = ", ".join(sorted(short(p) for p in scored))
        reasons += (f"scored by another rubric (out of {other}): run autograder rescore --db to update it",)
    numbers = tuple(h.attempt.number for h in chosen)
    return Mark(
        student, name, rounded(points, policy.decimals), column.possible, reasons, numbers, len(found), open=waits
    )


def _choose(found: Sequence[HandIn], rules: Rules) -> tuple[Fraction | None, tuple[HandIn, ...], tuple[str, ...]]:
    valued = [(h.points, h) for h in found if h.points is not None]
    if not valued:
        return None, (), ()
    many = len(valued) > 1
    kept = len(found) - len(valued) - sum(h.waits for h in found)
    more = (f"{kept} more kept, but not counted",) if kept else ()
    if rules.attempts == AVERAGE:
        mean = sum((p for p, _ in valued), Fraction(0)) / len(valued)
        reasons = tuple(dict.fromkeys(r for _, h in valued for r in h.reasons))
        said = (f"average of {len(valued)} attempts",) if many else ()
        return mean, tuple(h for _, h in valued), (*said, *reasons, *more)
    if rules.attempts == LAST:
        points, one = valued[-1]
        said = (f"last of {len(valued)} attempts",) if many else ()
    else:
        assert rules.attempts in (BEST, DECAY)
        points, one = max(valued, key=lambda v: (v[0], -v[1].position))  # the first of equal attempts
        said = (f"best of {len(valued)} attempts",) if many else ()
    return points, (one,), (*said, *one.reasons, *more)


def _total(
    marks: Mapping[str, Mark], columns: Sequence[Column], policy: Policy
) -> tuple[Decimal | None, tuple[str, ...]]:
    reasons: list[str] = []
    shares: list[tuple[Fraction, Column]] = []
    extra = Fraction(0)
    for column in columns:
        mark = marks[column.assignment]
        if not column.possible > 0 or not mark.counts:
            if mark.open:
                reasons.append(f"{column.assignment} is left out until it is judged")
            continue
        share = Fraction(mark.points or 0) / Fraction(column.possible)
        if column.extra:
            extra += column.weight * share
            if share:
                reasons.append(f"extra credit: {column.assignment}")
        else:
            shares.append((share, column))
    shares.sort(key=lambda s: s[0])  # stable: the first of equal shares is dropped
    dropped = shares[: min(policy.drop_lowest, max(0, len(shares) - 1))]
    reasons += [f"dropped as the lowest: {column.assignment}" for _, column in dropped]
    kept = shares[len(dropped) :]
    whole = sum((c.weight for _, c in kept), Fraction(0))
    if not whole:
        return None, tuple(reasons)
    earned = sum((share * c.weight for share, c in kept), extra)
    return rounded(100 * earned / whole, policy.decimals), tuple(reasons)


def _news(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    new = tuple(r for r in after if r not in before)
    return new + tuple(f"no longer: {r}" for r in before if r not in after)
