"""The mark of one student in one assignment: which hand-in counts, and every step from its points to the mark."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.gradebook.evidence import Evidence
from autograder.gradebook.hand_in import HandIn, due, hand_ins
from autograder.gradebook.lateness import in_whole_seconds
from autograder.gradebook.mark_records import Column, Mark, rounded
from autograder.gradebook.policy import AVERAGE, BEST, DECAY, LAST, Rules
from autograder.gradebook.records import short

MISSING = "nothing handed in"


@dataclass(frozen=True)
class _Choice:
    points: Fraction | None
    hand_ins: tuple[HandIn, ...] = ()
    why: tuple[str, ...] = ()


def make_mark(
    student: str,
    column: Column,
    rules: Rules,
    decimals: int,
    evidence: Evidence,
    now: datetime.datetime,
    slip_days: int = 0,
) -> Mark:
    """Make a mark; it is rounded once, at the end.

    Args:
      slip_days: late days without penalty.
    """
    name = column.assignment
    if not evidence.attempts:
        until = due(evidence.extension, rules)
        early = until is not None and in_whole_seconds(now) - in_whole_seconds(until) <= rules.grace
        return Mark(student, name, None, column.possible, ("not due yet",) if early else (MISSING,), counts=not early)
    found, choice = _best_order(evidence, rules, slip_days)
    waits = any(h.waits for h in found)
    waiting = tuple(r for h in found if h.waits for r in h.reasons)
    if choice.points is None and waits:
        return Mark(student, name, None, column.possible, waiting, (), len(found), open=True, counts=False)
    if choice.points is None:
        points, why = Fraction(0), tuple(r for h in found for r in h.reasons)
    else:
        points, why = choice.points, (*choice.why, *waiting)
    computed = [h for h in choice.hand_ins if not h.decided]
    scored = {h.attempt.possible for h in computed} - {None, column.possible}
    if scored:
        other = ", ".join(sorted(short(p) for p in scored))
        why += (f"scored by another rubric (out of {other}): run autograder rescore --db to update it",)
    return Mark(
        student,
        name,
        rounded(points, decimals),
        column.possible,
        why,
        tuple(h.attempt.number for h in choice.hand_ins),
        len(found),
        open=waits,
        time_unknown=any(not h.timed and h.attempt.late is not False for h in computed),
        time_claimed=any(h.claimed for h in computed),
    )


def most_late_days(evidence: Evidence, rules: Rules) -> int:
    """Return how many late days the latest hand-in that could count has."""
    return max((h.late_days for h in hand_ins(evidence, rules)), default=0)


def _best_order(evidence: Evidence, rules: Rules, slip_days: int) -> tuple[tuple[HandIn, ...], _Choice]:
    """Value and choose hand-ins.

    Where the limit leaves some out, and nobody knows which came first, the order that is best for the student holds.
    """
    found = hand_ins(evidence, rules, slip_days)
    without = sum(not h.timed for h in found)
    timed = len(found) - without
    if rules.limit is None or len(found) <= rules.limit or not without or not timed:
        return found, _choose(found, rules)
    splits = range(max(0, rules.limit - timed), min(rules.limit, without) + 1)
    orders = [hand_ins(evidence, rules, slip_days, n) for n in splits]
    choices = [(order, _choose(order, rules)) for order in orders]
    return max(choices, key=lambda c: -1 if c[1].points is None else c[1].points)


def _choose(found: Sequence[HandIn], rules: Rules) -> _Choice:
    valued = [(h.points, h) for h in found if h.points is not None]
    if not valued:
        return _Choice(None)
    many = len(valued) > 1
    kept = len(found) - len(valued) - sum(h.waits for h in found)
    more = (f"{kept} more kept, but not counted",) if kept else ()
    if rules.attempts == AVERAGE:
        mean = sum((p for p, _ in valued), Fraction(0)) / len(valued)
        reasons = tuple(dict.fromkeys(r for _, h in valued for r in h.reasons))
        said = (f"average of {len(valued)} attempts",) if many else ()
        return _Choice(mean, tuple(h for _, h in valued), (*said, *reasons, *more))
    if rules.attempts == LAST:
        # The last with a time and the last without: nobody knows which came later.
        last = list({h.timed: (p, h) for p, h in valued}.values())
        points, one = max(last, key=lambda v: (v[0], v[1].timed))
        said = (f"last of {len(valued)} attempts",) if many else ()
        if len(last) > 1:
            said = (f"last of {len(valued)} attempts, with or without a time: {one.name} counts",)
    else:
        assert rules.attempts in (BEST, DECAY)
        points, one = max(valued, key=lambda v: (v[0], v[1].timed, -v[1].position))  # the first of equal attempts
        said = (f"best of {len(valued)} attempts: {one.name} counts",) if many else ()
    return _Choice(points, (one,), (*said, *one.reasons, *more))
