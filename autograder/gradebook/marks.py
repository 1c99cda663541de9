"""Compute marks from attempts and policy: pure, exact, with the reasons of every mark.

Everything is computed in fractions; a mark is rounded once, at the end, and totals come from the marks as displayed.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from autograder.gradebook.evidence import NOTHING, Evidence, gather
from autograder.gradebook.evidence import in_order as in_order
from autograder.gradebook.evidence import last_choices as last_choices
from autograder.gradebook.mark_records import Column as Column
from autograder.gradebook.mark_records import Gradebook as Gradebook
from autograder.gradebook.mark_records import Mark as Mark
from autograder.gradebook.mark_records import Row as Row
from autograder.gradebook.mark_records import SlipShare as SlipShare
from autograder.gradebook.mark_records import rounded as rounded
from autograder.gradebook.moves import Move as Move
from autograder.gradebook.moves import who_moved as who_moved
from autograder.gradebook.one_mark import make_mark, most_late_days
from autograder.gradebook.policy import AUTOMATIC, Policy, PolicyError
from autograder.gradebook.records import Attempt, Book
from autograder.gradebook.roster import Roster, Student
from autograder.gradebook.slip_days import spend
from autograder.gradebook.totals import make_total
from autograder.report.text import count


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
    evidence = gather(book)
    rows = []
    for student in _students(book, roster):
        own = {c.assignment: evidence.get((student.id, c.assignment), NOTHING) for c in columns}
        marks, left = _marks(student.id, columns, policy, own, now)
        total = make_total(marks, columns, policy)
        reasons = total.reasons
        if roster is not None and roster.get(student.id) is None:
            reasons = ("not on the roster", *reasons)
        rows.append(Row(student, marks, total.percent, reasons, total.letter, left))
    return Gradebook(columns, tuple(rows), _remarks(columns, rows, policy), bool(policy.grading_key), policy.slip_days)


def _marks(
    student: str,
    columns: Sequence[Column],
    policy: Policy,
    evidence: Mapping[str, Evidence],
    now: datetime.datetime,
) -> tuple[dict[str, Mark], int | None]:
    """Make the marks of a student; also return the slip days that are left, None in a course without."""
    by_name = {c.assignment: c for c in columns}

    @functools.cache
    def mark(name: str, slip_days: int) -> Mark:
        return make_mark(student, by_name[name], policy.rules(name), policy.decimals, evidence[name], now, slip_days)

    if not policy.slip_days:
        return {name: mark(name, 0) for name in by_name}, None
    spent = spend(
        _by_deadline(by_name, policy),
        policy.slip_days,
        lambda name: _most_slip_days(name, policy, evidence[name]),
        lambda name, days: mark(name, days).points,
    )
    left = policy.slip_days - sum(spent.values())
    made = {}
    for name in by_name:
        days = spent.get(name, 0)
        made[name] = dataclasses.replace(mark(name, days), slip=SlipShare(days, left, policy.slip_days))
    return made, left


def _by_deadline(names: Iterable[str], policy: Policy) -> list[str]:
    """Sort the assignments that have a deadline by it; those due at the same moment by name."""
    due = [(policy.rules(name).due, name) for name in names]
    return [name for _, name in sorted((time, name) for time, name in due if time is not None)]


def _most_slip_days(name: str, policy: Policy, evidence: Evidence) -> int:
    """Return the most slip days that an assignment may take, and can use."""
    rules = policy.rules(name)
    days = evidence.slip_days
    if days is None:
        days = policy.slip_days if policy.slip == AUTOMATIC else 0
    if rules.slip_days_at_most is not None:
        days = min(days, rules.slip_days_at_most)
    return min(days, most_late_days(evidence, rules)) if days else 0


def _columns(attempts: Iterable[Attempt], policy: Policy) -> tuple[Column, ...]:
    newest: dict[str, Attempt] = {}
    for a in sorted(attempts, key=lambda a: (a.possible is not None, a.number)):  # the last one says what it is worth
        newest[a.assignment] = a
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
        extra, bonus = name in policy.extra_credit, name in policy.bonus
        columns.append(Column(name, newest[name].kind, possible, counted, extra, bonus))
    return tuple(columns)


def _students(book: Book, roster: Roster | None) -> list[Student]:
    listed = list(roster.students) if roster else []
    known = {s.id for s in listed}
    others = sorted({a.student for a in book.attempts} - known)
    return listed + [Student(id) for id in others]


def _remarks(columns: Sequence[Column], rows: Sequence[Row], policy: Policy) -> tuple[str, ...]:
    known = {c.assignment for c in columns}
    named = sorted((set(policy.assignments) | policy.extra_credit | policy.bonus) - known)
    remarks = [f"the policy names {name!r}, but no student has handed it in" for name in named]
    unknown = [m for row in rows for m in row.marks.values() if m.time_unknown]
    if unknown:
        said = f"time unknown for {count(len(unknown), 'mark')}, so lateness cost nothing there"
        if claimed := sum(m.time_claimed for m in unknown):
            said += (
                f"; for {claimed} of them the student's commit claims a time, which counts "
                "only with trust_commit_dates = true"
            )
        remarks.append(said)
    return tuple(remarks)
