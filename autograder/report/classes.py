"""What a class page says: distribution, pass rates, common mistakes, equal programs."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.report import advice, view
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
    fault: bool
    marks: tuple[view.State, ...]
    reason: str


@dataclass(frozen=True)
class Rate:
    function: str
    title: str
    total: int
    passed: int
    partly: int

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
class Equal:
    """Submissions whose programs are equal: in every function (``function`` empty) or in one."""

    function: str
    members: tuple[str, ...]
    checks: int
    wrong: int


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


def marks(result: Result, names: Sequence[str]) -> tuple[view.State, ...]:
    """Return one state per function, ABSENT where there is no evidence."""
    states = {v.name: v.state for v in view.functions(result)}
    return tuple(states.get(name, view.ABSENT) for name in names)


def is_open(result: Result) -> bool:
    """True when there is no final mark: nothing scored, or something awaits our repair."""
    return result.score is None or view.fault(result)


def overview(results: Sequence[Result], hrefs: Sequence[str]) -> dict[str, Any]:
    """Compute everything the class template shows."""
    names = function_names(results)
    lines = [_line(r, href, names) for r, href in zip(results, hrefs, strict=True)]
    final = [r for r in results if not is_open(r)]
    shares = [s for s in map(view.share, final) if s is not None]
    whole = _equal_everywhere(results)
    return {
        "names": names,
        "lines": lines,
        "open": [line for line, r in zip(lines, results, strict=True) if is_open(r)],
        "shares": shares,
        "mean": math.floor(statistics.fmean(shares)) if shares else 0,
        "median": math.floor(statistics.median(shares)) if shares else 0,
        "low": min(shares, default=0),
        "high": max(shares, default=0),
        "full": sum(r.score.points >= r.score.possible > 0 for r in final if r.score),
        "bins": _bins(shares),
        "rates": _rates(results),
        "mistakes": _mistakes(results),
        "violations": _violations(results),
        "whole": whole,
        "parts_equal": _equal_in_one(results, {g.members for g in whole}),
    }


def _line(result: Result, href: str, names: Sequence[str]) -> Line:
    score = result.score
    return Line(
        result.submission,
        href,
        score.points if score else 0.0,
        score.possible if score else 0.0,
        view.share(result),
        view.fault(result),
        marks(result, names),
        advice.first_reason(result)[:240],
    )


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
    for result in results:
        for function in view.functions(result):
            for check in function.checks:
                seen.setdefault(check.evidence.name, (function.name, check.evidence.title))
                states.setdefault(check.evidence.name, Counter())[check.state.key] += 1
    rates = []
    for name, (function_name, title) in seen.items():
        judged = sum(states[name].values()) - states[name][view.FAULT.key]
        if judged:
            n = states[name]
            rates.append(Rate(function_name, title, judged, n[view.PASS.key], n[view.PARTLY.key]))
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


def _programs(result: Result) -> dict[str, tuple[str, str, bool]]:
    """Map check to (function, program, wrong), for the checks that have a program."""
    return {c.name: (c.function, c.program, c.outcome == FAILED) for c in result.checks if c.program}


def _equal_everywhere(results: Sequence[Result]) -> list[Equal]:
    groups: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for result in results:
        signature = tuple(sorted((name, program) for name, (_, program, _) in _programs(result).items()))
        if signature:
            groups.setdefault(signature, []).append(result)
    found = [
        Equal("", tuple(r.submission for r in same), len(key), sum(w for _, _, w in _programs(same[0]).values()))
        for key, same in groups.items()
        if len(same) > 1
    ]
    return sorted(found, key=lambda g: (-g.wrong, -len(g.members), g.members))


def _equal_in_one(results: Sequence[Result], told: set[tuple[str, ...]]) -> list[Equal]:
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Result]] = {}
    wrong: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
    for result in results:
        by_function: dict[str, list[tuple[str, str]]] = {}
        failed: Counter[str] = Counter()
        for name, (function, program, is_wrong) in _programs(result).items():
            by_function.setdefault(function, []).append((name, program))
            failed[function] += is_wrong
        for function, pairs in by_function.items():
            key = (function, tuple(sorted(pairs)))
            groups.setdefault(key, []).append(result)
            wrong[key] = failed[function]
    found = [
        Equal(key[0], tuple(r.submission for r in same), len(key[1]), wrong[key])
        for key, same in groups.items()
        if len(same) > 1
    ]
    found = [g for g in found if g.members not in told]
    # Few and wrong is what instructors look for; many and right is what short functions give.
    return sorted(found, key=lambda g: (-g.wrong, len(g.members), g.function))[:60]
