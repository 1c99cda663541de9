"""What one hand-in is worth under the rules: its points, lateness, limit and overrides."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.gradebook.evidence import Evidence
from autograder.gradebook.lateness import in_whole_seconds, is_cut_off, late_days
from autograder.gradebook.mark_records import brief
from autograder.gradebook.policy import BEST, DECAY, Rules
from autograder.gradebook.records import Attempt, Extension, Judgement, Override
from autograder.report.text import count, visible
from autograder.submission.moments import CLAIMED, UNKNOWN


@dataclass(frozen=True)
class HandIn:
    """One hand-in of a student.

    Attributes:
      name: "attempt 2", for people: those with a time first.
      position: 1 for the first hand-in with a time, and again for the first without.
      points: None while it cannot count.
      decided: a person set the points.
      waits: it is not judged yet, through our fault.
      timed: its time is known, and counts.  Without it, the platform may still say whether it is late.
      claimed: only the student's own commit says when.
      late_days: how late it is after an extension, without slip days.
    """

    attempt: Attempt
    name: str
    position: int
    points: Fraction | None
    reasons: tuple[str, ...]
    decided: bool = False
    waits: bool = False
    timed: bool = True
    claimed: bool = False
    late_days: int = 0


@dataclass(frozen=True)
class _Group:
    """The judgements of one hand-in: the same bytes of the same time."""

    time: datetime.datetime | None
    attempts: tuple[Attempt, ...]
    claimed: bool
    position: int
    name: str


def hand_ins(
    evidence: Evidence, rules: Rules, slip_days: int = 0, without_time: int | None = None
) -> tuple[HandIn, ...]:
    """Value the hand-ins of one student in one assignment.

    The same bytes of the same time, judged again by a newer version or with another seed, are one hand-in.  Those with
    a time come first, in the order of time; those without follow, in the order of the ledger.  Bytes that were recorded
    without a time, and also have one from before they were recorded, have that time.

    Args:
      slip_days: late days without penalty.
      without_time: how many of the attempts within the limit are without a time; default: each kind has the limit.
    """
    found = []
    for group in _groups(evidence.attempts, rules):
        limit = rules.limit
        if limit is not None and without_time is not None:
            limit = without_time if group.time is None else limit - without_time
        found.append(_value(group, evidence, rules, slip_days, within=limit is None or group.position <= limit))
    return tuple(found)


def due(extension: Extension | None, rules: Rules) -> datetime.datetime | None:
    """When the work is due for this student: an extension never makes it earlier."""
    if rules.due is None or extension is None or extension.until is None:
        return rules.due
    return max(rules.due, extension.until)


def _groups(attempts: Sequence[Attempt], rules: Rules) -> Iterator[_Group]:
    timed: dict[tuple[datetime.datetime, str], list[Attempt]] = {}
    untimed: dict[str, list[Attempt]] = {}
    with_time = [(a.submitted, a.number, a) for a in attempts if a.submitted is not None and _counts(a, rules)]
    for time, _, attempt in sorted(with_time, key=lambda k: k[:2]):
        timed.setdefault((time, attempt.submission), []).append(attempt)
    claimed = {key: all(a.source == CLAIMED for a in group) for key, group in timed.items()}
    first = {submission: time for time, submission in reversed(timed)}
    for attempt in sorted(attempts, key=lambda a: a.number):
        if attempt.submitted is not None and _counts(attempt, rules):
            continue
        time = first.get(attempt.submission, attempt.recorded)
        if attempt.submission in first and time <= attempt.recorded:
            timed[time, attempt.submission].append(attempt)  # the time of these bytes became known
        else:
            untimed.setdefault(attempt.submission, []).append(attempt)
    for position, ((time, submission), group) in enumerate(timed.items(), 1):
        yield _Group(time, tuple(group), claimed[time, submission], position, f"attempt {position}")
    for position, group in enumerate(untimed.values(), 1):
        says = any(a.source == CLAIMED and a.submitted is not None for a in group)
        yield _Group(None, tuple(group), says, position, f"attempt {len(timed) + position}")


def _counts(attempt: Attempt, rules: Rules) -> bool:
    """Whether the time of an attempt, if it has one, counts."""
    return attempt.source != UNKNOWN and (attempt.source != CLAIMED or rules.trust_commit_dates)


def _value(group: _Group, evidence: Evidence, rules: Rules, slip_days: int, *, within: bool) -> HandIn:
    attempt = max([a for a in group.attempts if a.judged] or group.attempts, key=lambda a: a.number)
    override = _last_override(group, evidence.overrides)
    timed, position, name = group.time is not None, group.position, group.name

    def made(
        points: Fraction | None, *reasons: str, decided: bool = False, waits: bool = False, days: int = 0
    ) -> HandIn:
        return HandIn(attempt, name, position, points, reasons, decided, waits, timed, group.claimed, days)

    if override is not None and override.points is not None:
        why = f"set to {brief(Fraction(override.points))} by {visible(override.by)}: {visible(override.reason)}"
        return made(Fraction(override.points), why, decided=True)
    if attempt.points is None or not attempt.judged:
        return made(None, f"{name} is not judged yet; the fault is ours", waits=True)
    if not within:
        return made(None, f"{name} exceeds the limit of {rules.limit}: kept, but not counted")
    reasons = ["judged without a sandbox"] if attempt.sandbox == "none" else []
    if not timed and attempt.late:
        reasons.append("marked late by the learning platform, which does not say by how much: no penalty")
    elif not timed and attempt.late is None:
        reasons.append("time claimed by the student, not counted" if group.claimed else "time unknown")
    elif group.claimed:
        reasons.append("time claimed by the student")
    points, said = _judged_points(group, attempt, evidence.judgements, rules)
    reasons += said
    until, days = due(evidence.extension, rules), 0
    if group.time is not None and until is not None:
        if said_why := _extended(group.time, evidence.extension, rules):
            reasons.append(said_why)
        days = late_days(group.time, until, rules.grace, rules.zone)
        if days and rules.cut_off is not None and is_cut_off(group.time, until, rules.cut_off, rules.zone):
            return made(None, *reasons, f"{name} came after the cut-off: kept, but not counted")
        percent = min(Fraction(100), max(0, days - slip_days) * Fraction(rules.per_day_percent))
        less = points - max(points, Fraction(0)) * percent / 100
        if days:
            reasons.append(_late(days, slip_days, percent, points, less))
        elif in_whole_seconds(group.time) > in_whole_seconds(until):
            minutes = brief(Fraction(int(rules.grace.total_seconds()), 60))
            reasons.append(f"late, within the grace period of {minutes} minutes")
        if percent == 100:  # a hand-in that earns nothing must not stand in the way of one that does
            return made(None, *reasons, days=days)
        points = less
    if rules.attempts == DECAY and position > 1:
        share = Fraction(rules.decay) ** (position - 1)
        reasons.append(f"{name} counts for {brief(100 * share)} % ({brief(points)} → {brief(points * share)})")
        points *= share
    return made(points, *reasons, days=days)


def _last_override(group: _Group, overrides: Sequence[Override]) -> Override | None:
    numbers = {a.number for a in group.attempts}
    return next((o for o in reversed(overrides) if o.attempt in numbers), None)


def _judged_points(
    group: _Group, attempt: Attempt, judgements: Sequence[Judgement], rules: Rules
) -> tuple[Fraction, tuple[str, ...]]:
    """Return the points by the last judgement, or by the best one where the rules keep it.

    Points out of another maximum are compared and kept as a share of the present maximum.
    """
    points = Fraction(attempt.points or 0)
    if rules.after_rejudging != BEST:
        return points, ()
    numbers = {a.number for a in group.attempts}
    found = [(a.points, a.possible) for a in group.attempts if a.judged]
    found += [(j.points, j.possible) for j in judgements if j.judged and j.attempt in numbers]
    best = points
    for value, possible in found:
        if value is not None:
            scale = Fraction(attempt.possible or 0) / Fraction(possible) if attempt.possible and possible else 1
            best = max(best, Fraction(value) * scale)
    if best == points:
        return points, ()
    return best, (f"judged again with {brief(points)} points: the earlier {brief(best)} points are kept",)


def _extended(time: datetime.datetime, extension: Extension | None, rules: Rules) -> str:
    if extension is None or extension.until is None or rules.due is None or extension.until <= rules.due:
        return ""
    if in_whole_seconds(time) <= in_whole_seconds(rules.due):
        return ""
    return f"extended by {visible(extension.by)}: {visible(extension.reason)}"


def _late(days: int, slip_days: int, percent: Fraction, before: Fraction, after: Fraction) -> str:
    covered = min(days, slip_days)
    said = f"{count(days, 'day')} late"
    if covered:
        said += f", {covered} covered by {'a slip day' if covered == 1 else 'slip days'}"
    if not percent:
        return f"{said}: no penalty"
    return f"{said}: −{brief(percent)} % ({brief(before)} → {brief(after)})"
