"""Attempts over time: when a class hands in, how often, and what the further attempts bring."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from autograder.report.text import count, percent

_HOUR = 3600
_UNITS = (  # seconds of a bar, and what it is called
    (_HOUR, "hour"),
    (6 * _HOUR, "six hours"),
    (24 * _HOUR, "day"),
    (7 * 24 * _HOUR, "week"),
    (28 * 24 * _HOUR, "four weeks"),
)
_BARS = 32
LEFT, RIGHT, TOP, BASE = 12, 348, 24, 130


class Handed(Protocol):
    """What is read of an attempt of the ledger; ``points`` is None where nothing was scored."""

    @property
    def student(self) -> str: ...
    @property
    def submitted(self) -> datetime.datetime | None: ...
    @property
    def points(self) -> object: ...
    @property
    def possible(self) -> object: ...


@dataclass(frozen=True)
class Bar:
    label: str
    n: int
    median: int | None  # percent
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class History:
    bars: tuple[Bar, ...]
    unit: str
    words: str
    often: str  # how many attempts a student makes
    gain: str  # what they bring


def history(attempts: Sequence[Handed]) -> History | None:
    """Lay the attempts of one assignment out over time; None where none has a time."""
    dated = sorted(((a.submitted, a) for a in attempts if a.submitted), key=lambda pair: (pair[0], pair[1].student))
    if not dated:
        return None
    made, times = [a for _, a in dated], [at.astimezone(datetime.UTC) for at, _ in dated]
    seconds, unit = _unit((times[-1] - times[0]).total_seconds())
    start = _start(times[0], seconds)
    groups: dict[int, list[Handed]] = {}
    for attempt, time in zip(made, times, strict=True):
        groups.setdefault(int((time - start).total_seconds() // seconds), []).append(attempt)
    number = max(groups) + 1
    width = (RIGHT - LEFT) / number
    most = max(map(len, groups.values()))
    bars = []
    for i in range(number):
        inside = groups.get(i, [])
        shares = [s for s in map(_share, inside) if s is not None]
        height = round((BASE - TOP) * len(inside) / most, 1)
        when = start + datetime.timedelta(seconds=seconds * i)
        bars.append(
            Bar(
                f"{when:%Y-%m-%d}" if seconds >= 24 * _HOUR else f"{when:%Y-%m-%d %H:%M}",
                len(inside),
                int(statistics.median_low(shares)) if shares else None,
                round(LEFT + i * width + 0.1 * width, 1),
                round(BASE - height, 1),
                round(min(0.8 * width, 40), 1),
                height,
            )
        )
    people = Counter(a.student for a in made)
    said = (
        f"{count(len(made), 'attempt')} by {count(len(people), 'student')}, "
        f"from {times[0]:%Y-%m-%d %H:%M} to {times[-1]:%Y-%m-%d %H:%M} UTC."
    )
    if len(made) < len(attempts):
        said += f" Of {count(len(attempts) - len(made), 'more attempt')} the time is not known."
    return History(tuple(bars), unit, said, _often(people), _gain(made))


def _unit(span: float) -> tuple[int, str]:
    for seconds, name in _UNITS:
        if span / seconds < _BARS - 1:
            return seconds, name
    return max(int(span / (_BARS - 2)), _UNITS[-1][0]), "equal stretch of time"


def _start(first: datetime.datetime, seconds: int) -> datetime.datetime:
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if seconds >= 24 * _HOUR:
        return day
    return day + datetime.timedelta(seconds=((first - day).total_seconds() // seconds) * seconds)


def _share(attempt: Handed) -> int | None:
    if attempt.points is None or attempt.possible is None:
        return None
    return percent(float(str(attempt.points)), float(str(attempt.possible)))


def _often(people: Counter[str]) -> str:
    numbers = Counter(min(n, 5) for n in people.values())
    parts = [
        f"{count(n, 'attempt')}{' or more' if n == 5 else ''}: {count(numbers[n], 'student')}" for n in sorted(numbers)
    ]
    return "; ".join(parts) + "."


def _gain(made: Sequence[Handed]) -> str:
    """The change in percentage points from the first to the last attempt, of those who made several."""
    shares: dict[str, list[int]] = {}
    for attempt in made:
        share = _share(attempt)
        if share is not None:
            shares.setdefault(attempt.student, []).append(share)
    gains = [s[-1] - s[0] for s in shares.values() if len(s) > 1]
    if not gains:
        return ""
    middle = statistics.median(gains)
    better = sum(g > 0 for g in gains)
    return (
        f"From the first attempt to the last: {middle:+g} percentage points for half of the students who made several; "
        f"{better} of {len(gains)} improved."
    )
