"""Which students need attention, and why.  Every page that applies these few rules shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report import status
from autograder.report.text import percent
from autograder.results import Result

LOW = 50  # percent of the available points
FALL = 10  # percentage points, twice in a row

RULES = (
    f"low: under {LOW} % of the available points",
    f"falling: at least {FALL} percentage points less, twice in a row",
    "fewer points: the last attempt earned less than the one before",
    "stopped: handed in earlier work, but nothing since",
    "unreadable: nothing could be graded",
    "ours: some work was not judged, which is the grader's fault",
)


@dataclass(frozen=True)
class Concern:
    """One reason to look at a student; ``key`` is the name of its rule."""

    key: str
    text: str


def earned_share(result: Result | None) -> int | None:
    """Percent of the available points: checks that were left out do not count."""
    if result is None or result.score is None:
        return None
    return percent(result.score.points, result.score.possible - status.left_points(result))


def concerns(result: Result, previous: Result | None = None) -> tuple[Concern, ...]:
    """Say why one submission needs attention."""
    if status.fault(result):
        return (Concern("ours", "not judged; this is our fault"),)
    if result.problem:
        return (Concern("unreadable", "nothing could be graded"),)
    found = []
    share = earned_share(result)
    if share is not None and share < LOW and not status.unsettled(result):
        found.append(Concern("low", f"{share} % of the points"))
    change = status.change(previous, result)
    if change is not None and change.points is not None and change.points < -1e-6:
        found.append(Concern("fewer points", "the previous attempt earned more"))
    return tuple(found)


def course_concerns(history: Sequence[Result | None]) -> tuple[Concern, ...]:
    """Say why a student needs attention over the assignments of a course, in their order."""
    found = []
    last = next((i for i in range(len(history) - 1, -1, -1) if history[i] is not None), None)
    if last is None:
        return (Concern("stopped", "handed in nothing"),)
    if last < len(history) - 1:
        missing = len(history) - 1 - last
        found.append(
            Concern(
                "stopped", f"handed in nothing for the last {f'{missing} assignments' if missing > 1 else 'assignment'}"
            )
        )
    shares = [s for s in map(earned_share, history) if s is not None]
    if len(shares) > 2 and shares[-2] <= shares[-3] - FALL and shares[-1] <= shares[-2] - FALL:
        found.append(Concern("falling", " → ".join(f"{s} %" for s in shares[-3:])))
    for result in history:
        if result is not None and any(c.key == "ours" for c in concerns(result)):
            found.append(Concern("ours", "not judged; this is our fault"))
            break
    low = [s for s in shares if s < LOW]
    if shares and (shares[-1] < LOW or len(low) > len(shares) / 2):
        found.append(
            Concern("low", f"{shares[-1]} % in the last" if shares[-1] < LOW else f"under {LOW} % in {len(low)}")
        )
    return tuple(found)
