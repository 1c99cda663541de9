"""How a submission stands: what is right, what is open and whose turn it is, what changed."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.report.measured import left_out
from autograder.report.text import count, function_name, percent, points
from autograder.report.view_model import FAIL, FAULT, LEFT, PARTLY, PASS, SKIP, UNSURE, functions
from autograder.results import INCONCLUSIVE, NOT_JUDGED, PASSED, Fault, NextStep, Result, next_step


@dataclass(frozen=True)
class Change:
    """What differs from the attempt before."""

    points: float | None
    better: tuple[str, ...]
    worse: tuple[str, ...]


def fault(result: Result) -> bool:
    """True while something awaits our repair: the student is not to blame and loses nothing."""
    return next_step(result) is NextStep.REPAIR


def unsettled(result: Result) -> bool:
    """True while a measurement is to be repeated, which costs the student nothing."""
    return any(c.outcome == INCONCLUSIVE for c in result.checks)


def left_points(result: Result) -> float:
    """Return the points of the performance checks that the run left out."""
    names = {c.name for c in result.checks if left_out(c)}
    return sum(s.possible for s in result.score.checks if s.name in names) if result.score else 0.0


def standing(result: Result) -> str:
    """Say after "85 of 100 points" how final that is: "so far", "85 %", what was left out."""
    open_ = "" if next_step(result).final else " so far"
    if any(map(left_out, result.checks)):
        return f"{open_}, performance ({points(left_points(result))}) left out"
    return open_ or f", {share(result)} %"


def complete(result: Result) -> bool:
    """True when every function that was judged is right."""
    states = [v.state for v in functions(result) if v.state is not LEFT]
    return bool(states) and all(s is PASS for s in states)


def summary(result: Result) -> str:
    """Say in one sentence how the submission stands."""
    if result.problem is not None:
        ours = result.problem.fault is Fault.OURS
        return "Nothing was judged, and that is our fault." if ours else "Nothing could be graded."
    views = [v for v in functions(result) if v.state is not LEFT]
    left = " Performance was left out of this run." if any(map(left_out, result.checks)) else ""
    if not views:
        return left.strip() or "There is nothing to report."
    noun = parts_or_functions(result)
    number = {s.key: sum(v.state is s for v in views) for s in (PASS, PARTLY, FAIL, SKIP, FAULT, UNSURE)}
    if number["passed"] == len(views):
        return f"{f'All {len(views)} {noun}s are' if len(views) > 1 else f'The {noun} is'} right.{left}"
    words = {
        "partly": "partly right",
        "failed": "not right yet",
        "skipped": "not checked yet",
        "fault": "not judged, which is our fault",
        "unsure": "not settled yet",
    }
    parts = [f"{number['passed']} of {count(len(views), noun)} right"]
    parts += [f"{number[key]} {word}" for key, word in words.items() if number[key]]
    return ", ".join(parts) + "." + left


def parts_or_functions(result: Result) -> str:
    """Return the noun for what is counted: a composition of a student's functions is a part, not a function."""
    return "part" if any(c.function.startswith("given.") for c in result.checks) else "function"


def change(previous: Result | None, result: Result) -> Change | None:
    """Compare with the attempt before, check by check."""
    if previous is None:
        return None
    before = {c.name: c.outcome for c in previous.checks}
    aside = {c.name for r in (previous, result) for c in r.checks if left_out(c)}
    known = [c for c in result.checks if c.name in before and before[c.name] != c.outcome and c.name not in aside]
    gained = _earned(result, aside) - _earned(previous, aside) if result.score and previous.score else None
    return Change(
        gained,
        tuple(f"{function_name(c.function)}: {c.title}" for c in known if c.outcome == PASSED),
        tuple(
            f"{function_name(c.function)}: {c.title}"
            for c in known
            if before[c.name] == PASSED and c.outcome not in (NOT_JUDGED, INCONCLUSIVE)
        ),
    )


def share(result: Result) -> int | None:
    """Return the percentage of the points, or None where there is no mark."""
    return percent(result.score.points, result.score.possible) if result.score else None


def _earned(result: Result, aside: set[str]) -> float:
    if result.score is None:
        return 0.0
    return result.score.points - sum(s.points for s in result.score.checks if s.name in aside)
