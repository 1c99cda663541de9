"""What a class page says: distribution, pass rates, draw sets, common mistakes, equal programs."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.report import advice, status, view_model
from autograder.report.at_risk import RULES, Concern, concerns
from autograder.report.draw_sets import draw_sets
from autograder.report.identical import equal_everywhere, equal_in_one
from autograder.report.performance import grading_time, performance
from autograder.report.text import percent
from autograder.results import FAILED, Result

_BINS = 10
_PLOT_TOP, _PLOT_BASE = 24, 155


@dataclass(frozen=True)
class Line:
    """One submission in the table; ``share`` is None where there is no mark."""

    name: str
    href: str
    points: float
    possible: float
    share: int | None
    open: bool
    marks: tuple[view_model.State, ...]
    reason: str
    waits: str  # why there is no final mark
    concerns: tuple[Concern, ...] = ()
    order: int = 0  # place in the class


@dataclass(frozen=True)
class Rate:
    function: str
    title: str
    total: int
    passed: int
    partly: int
    credit: int | None = None  # mean percent of the points of the check

    @property
    def percent(self) -> int:
        return percent(self.passed, self.total)

    @property
    def passed_share(self) -> float:
        return round(100 * self.passed / self.total, 2)

    @property
    def partly_share(self) -> float:
        return round(100 * self.partly / self.total, 2)


@dataclass(frozen=True)
class Common:
    """A known mistake and the number of submissions that show it."""

    name: str
    function: str
    topic: str
    hint: str
    n: int


@dataclass(frozen=True)
class Bin:
    label: str
    short: str
    n: int
    x: int
    y: float
    height: float


def function_names(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the graded functions in the order of the assignment."""
    return tuple(dict.fromkeys(c.function for r in results for c in r.checks))


def marks(result: Result, names: Sequence[str]) -> tuple[view_model.State, ...]:
    """Return one state per function (by its name in the evidence), ABSENT where there is no evidence."""
    states = {v.key: v.state for v in view_model.functions(result)}
    return tuple(states.get(name, view_model.ABSENT) for name in names)


def is_open(result: Result) -> bool:
    """True when there is no final mark: nothing scored, or something awaits our repair or another measurement."""
    return result.score is None or status.fault(result) or status.unsettled(result)


def only_unsettled(result: Result) -> bool:
    """True when all that a final mark lacks is another measurement."""
    return is_open(result) and status.unsettled(result) and result.score is not None and not status.fault(result)


def overview(results: Sequence[Result], hrefs: Sequence[str], previous: Sequence[Result | None] = ()) -> dict[str, Any]:
    """Compute everything the class template shows."""
    names = function_names(results)
    before = previous or [None] * len(results)
    lines = [
        replace(_line(r, href, names), concerns=concerns(r, p), order=i)
        for i, (r, href, p) in enumerate(zip(results, hrefs, before, strict=True))
    ]
    final = [r for r in results if not is_open(r)]
    shares = [s for s in map(status.share, final) if s is not None]
    whole = equal_everywhere(results)
    return {
        "names": names,
        "lines": lines,
        "open": [x for x, r in zip(lines, results, strict=True) if is_open(r) and not only_unsettled(r)],
        "unsettled": [x for x, r in zip(lines, results, strict=True) if only_unsettled(r)],
        "left": sum(status.left_points(r) > 0 for r in results),
        "legend": _legend(lines),
        "performance": performance(results),
        "grading": grading_time(results),
        "attention": [x for x in lines if x.concerns],
        "rules": RULES,
        "orders": _orders(lines),
        "shares": shares,
        "mean": math.floor(statistics.fmean(shares)) if shares else 0,
        "median": math.floor(statistics.median(shares)) if shares else 0,
        "low": min(shares, default=0),
        "high": max(shares, default=0),
        "full": sum(r.score.points >= r.score.possible > 0 for r in final if r.score),
        "bins": _bins(shares),
        "rates": _rates(results),
        "draw_sets": draw_sets(results),
        "mistakes": _mistakes(results),
        "violations": _violations(results),
        "whole": whole,
        "parts_equal": equal_in_one(results, {g.members for g in whole}),
    }


def _line(result: Result, href: str, names: Sequence[str]) -> Line:
    score = result.score
    return Line(
        result.submission,
        href,
        score.points if score else 0.0,
        score.possible if score else 0.0,
        status.share(result),
        is_open(result),
        marks(result, names),
        advice.first_reason(result)[:240],
        _waits(result)[:240],
    )


def _orders(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The submissions in other orders than the table's; without a script, a page can only hold them ready."""
    marked = [x for x in lines if x.share is not None]
    low = sorted(marked, key=lambda x: (x.share or 0, x.points, x.name.casefold(), x.order))
    name = sorted(lines, key=lambda x: (x.name.casefold(), x.order))
    repair = sorted((x for x in lines if x.reason), key=lambda x: (x.reason, x.name.casefold(), x.order))
    orders = [("Fewest points first", low), ("Most points first", low[::-1]), ("By name", name)]
    return [(title, found) for title, found in [*orders, ("By what to fix first", repair)] if len(found) > 1]


def _waits(result: Result) -> str:
    if status.fault(result) or result.score is None:
        return advice.first_reason(result)
    return advice.unsettled_reason(result)


def _legend(lines: Sequence[Line]) -> tuple[view_model.State, ...]:
    used = {state for line in lines for state in line.marks}
    usual = (view_model.PASS, view_model.PARTLY, view_model.FAIL, view_model.SKIP, view_model.FAULT)
    return (*usual, *(s for s in (view_model.UNSURE, view_model.LEFT, view_model.ABSENT) if s in used))


def _bins(shares: Sequence[int]) -> list[Bin]:
    counts = Counter(min(s // (100 // _BINS), _BINS - 1) for s in shares)
    unit = (_PLOT_BASE - _PLOT_TOP) / max(counts.values(), default=1)
    found = []
    for i in range(_BINS):
        height = round(counts[i] * unit, 1)
        label = f"{10 * i} to {10 * i + 9 if i < _BINS - 1 else 100} %"
        found.append(Bin(label, str(10 * i), counts[i], 15 + 33 * i, round(_PLOT_BASE - height, 1), height))
    return found


def _rates(results: Sequence[Result]) -> list[Rate]:
    seen: dict[str, tuple[str, str]] = {}
    states: dict[str, Counter[str]] = {}
    earned: dict[str, list[float]] = {}
    for result in results:
        for function in view_model.functions(result):
            for check in function.checks:
                seen.setdefault(check.evidence.name, (function.key, check.evidence.title))
                states.setdefault(check.evidence.name, Counter())[check.state.key] += 1
                if check.points is not None and check.possible:
                    earned.setdefault(check.evidence.name, []).append(check.points / check.possible)
    rates = []
    for name, (function_name, title) in seen.items():
        judged = sum(states[name].values()) - sum(
            states[name][s.key] for s in (view_model.FAULT, view_model.UNSURE, view_model.LEFT)
        )
        n = states[name]
        if judged and not n[view_model.LEFT.key]:  # a check that was left out says nothing, whoever else skipped it
            credit = percent(statistics.fmean(earned[name]), 1) if name in earned else None
            rates.append(Rate(function_name, title, judged, n[view_model.PASS.key], n[view_model.PARTLY.key], credit))
    return rates


def _mistakes(results: Sequence[Result]) -> list[Common]:
    about: dict[str, tuple[str, str, str]] = {}
    number: Counter[str] = Counter()
    for result in results:
        shown = {c.mistake: (c.function, c.topic, c.hint) for c in result.checks if c.mistake and c.outcome == FAILED}
        about = shown | about
        number.update(shown.keys())
    ordered = sorted(number.items(), key=lambda item: (-item[1], item[0]))
    return [Common(name, *about[name], n) for name, n in ordered]


def _violations(results: Sequence[Result]) -> list[tuple[str, int]]:
    number: Counter[str] = Counter()
    for result in results:
        number.update({f.name for f in result.findings if f.severity == "violation" and f.name})
    return sorted(number.items(), key=lambda item: (-item[1], item[0]))[:20]
