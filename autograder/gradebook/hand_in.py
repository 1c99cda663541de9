"""What one hand-in is worth under the rules: its points, lateness, limit and overrides."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.gradebook.policy import Rules
from autograder.gradebook.records import Attempt, Extension, Override
from autograder.report.text import count, visible

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class HandIn:
    """One hand-in of a student.  ``points`` is None while it cannot count; ``decided`` marks an override."""

    attempt: Attempt
    position: int  # 1 for the first hand-in
    points: Fraction | None
    reasons: tuple[str, ...]
    decided: bool = False
    waits: bool = False  # not judged yet, through our fault


def hand_ins(
    attempts: Sequence[Attempt], overrides: Iterable[Override], extension: Extension | None, rules: Rules
) -> tuple[HandIn, ...]:
    """Value the hand-ins of one student in one assignment, in the order of time.

    The same bytes of the same time, judged again by a newer version or with another seed, are one hand-in: the
    last judgement counts.
    """
    groups: dict[tuple[datetime.datetime, str], list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda a: (a.submitted, a.number)):
        groups.setdefault((attempt.submitted, attempt.submission), []).append(attempt)
    decisions, found = list(overrides), []
    for position, group in enumerate(groups.values(), 1):
        judged = [a for a in group if a.judged] or group
        attempt = max(judged, key=lambda a: a.number)
        numbers = {a.number for a in group}
        last = next((o for o in reversed(decisions) if o.attempt in numbers), None)
        found.append(_value(attempt, position, last, extension, rules))
    return tuple(found)


def due(extension: Extension | None, rules: Rules) -> datetime.datetime | None:
    """When the work is due for this student: an extension never makes it earlier."""
    if extension is None or rules.due is None:
        return rules.due
    return max(rules.due, extension.until)


def _value(
    attempt: Attempt, position: int, override: Override | None, extension: Extension | None, rules: Rules
) -> HandIn:
    if override is not None and override.points is not None:
        why = f"set to {_plain(Fraction(override.points))} by {visible(override.by)}: {visible(override.reason)}"
        return HandIn(attempt, position, Fraction(override.points), (why,), decided=True)
    name = f"attempt {position}"
    if attempt.points is None or not attempt.judged:
        return HandIn(attempt, position, None, (f"{name} is not judged yet; the fault is ours",), waits=True)
    if rules.limit is not None and position > rules.limit:
        said = f"{name} exceeds the limit of {rules.limit}: kept, but not counted"
        return HandIn(attempt, position, None, (said,))
    points, reasons = Fraction(attempt.points), []
    if attempt.sandbox == "none":
        reasons.append("judged without a sandbox")
    until = due(extension, rules)
    if until is not None:
        late = attempt.submitted - until
        if extension is not None and attempt.submitted > (rules.due or until) and late <= rules.grace:
            reasons.append(f"extended by {visible(extension.by)}: {visible(extension.reason)}")
        if rules.cut_off is not None and late > max(rules.cut_off, rules.grace):
            return HandIn(attempt, position, None, (f"{name} came after the cut-off: kept, but not counted",))
        if late > rules.grace:
            # Rounded up: the first minute beyond the grace period begins the first day.
            days = max(1, -(-late // _DAY))
            percent = min(Fraction(100), days * Fraction(rules.per_day_percent))
            points *= 1 - percent / 100
            reasons.append(f"{count(days, 'day')} late: −{_plain(percent)} %")
        elif late > datetime.timedelta():
            reasons.append("late, within the grace period")
    if rules.attempts == "decay" and position > 1:
        points *= Fraction(rules.decay) ** (position - 1)
        reasons.append(f"{name} counts for {_plain(100 * Fraction(rules.decay) ** (position - 1))} %")
    return HandIn(attempt, position, points, tuple(reasons))


def _plain(value: Fraction) -> str:
    text = f"{float(value):.2f}"
    return text.rstrip("0").rstrip(".")
