"""How a class did in training, speed and cost: one strip of dots per measurement."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report.measured import MEASURED, left_out, ratios, training
from autograder.report.plots import Strip, strip_plot
from autograder.report.text import short_number, si, times
from autograder.results import CheckEvidence, Result


@dataclass(frozen=True)
class Spread:
    """One measurement over all submissions."""

    function: str
    title: str
    axis: str
    strip: Strip
    words: str  # what the picture says
    n: int
    without: int  # submissions that were to be measured and gave no number


def performance(results: Sequence[Result]) -> list[Spread]:
    """Lay out every performance check that any submission has numbers for, in the order of the assignment."""
    checks: dict[str, list[CheckEvidence]] = {}
    for result in results:
        for check in result.checks:
            if check.kind in MEASURED and not left_out(check):
                checks.setdefault(check.name, []).append(check)
    found: list[Spread] = []
    for same in checks.values():
        found += _learned(same) if same[0].kind == "training" else _compared(same)
    return found


def _compared(checks: Sequence[CheckEvidence]) -> list[Spread]:
    # The slowest case of each submission: that is the one that costs points.
    values = [max(r.middle for r in ratios(c)) for c in checks if ratios(c)]
    strip = strip_plot(values, {"reference": 1.0}, ratio=True)
    if strip is None:
        return []
    kind = "long" if checks[0].kind == "throughput" else "much"
    middle, low, high = statistics.median(values), min(values), max(values)
    words = f"Median {times(middle)} times as {kind} as the reference, from {times(low)} to {times(high)}."
    axis = f"times as {kind} as the reference"
    return [Spread(checks[0].function, checks[0].title, axis, strip, words, len(values), len(checks) - len(values))]


def _learned(checks: Sequence[CheckEvidence]) -> list[Spread]:
    runs = [t for t in map(training, checks) if t is not None]
    held = [h for t in runs for h in t.held]
    found = []
    for name in dict.fromkeys(h.name for h in held):
        mine = [[h.yours for h in t.held if h.name == name] for t in runs]
        values = [statistics.median(numbers) for numbers in mine if numbers]
        last = next(h for h in held if h.name == name)
        strip = strip_plot(values, {"needed": last.needed, "reference": last.reference}, ratio=False)
        if strip is None:
            continue
        middle, low, high, needed, reference = (
            short_number(v) for v in (statistics.median(values), min(values), max(values), last.needed, last.reference)
        )
        words = f"Median {middle}, from {low} to {high}; needed {needed}, reference {reference}."
        axis = f"{name} on held-out data"
        without = len(checks) - len(values)
        found.append(Spread(checks[0].function, checks[0].title, axis, strip, words, len(values), without))
    return found


def grading_time(results: Sequence[Result]) -> Spread | None:
    """Lay out how long judging each submission took, all processes together."""
    values = [r.provenance.seconds["all"] for r in results if r.provenance.seconds.get("all", 0) > 0]
    strip = strip_plot(values, {}, ratio=False)
    if strip is None:
        return None
    middle, low, high = (si(v, "s") for v in (statistics.median(values), min(values), max(values)))
    words = f"Median {middle}, from {low} to {high}; {si(sum(values), 's')} in all, side by side or not."
    return Spread("", "Time to grade", "seconds to grade", strip, words, len(values), len(results) - len(values))
