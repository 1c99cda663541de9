"""Submissions whose programs are equal: evidence, not a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.results import FAILED, Result


@dataclass(frozen=True)
class Equal:
    """Submissions whose programs are equal: in every function (``function`` empty) or in one."""

    function: str
    members: tuple[str, ...]
    checks: int
    wrong: int


def _programs(result: Result) -> dict[str, tuple[str, str, bool]]:
    """Map check to (function, program, wrong), for the checks that have a program."""
    return {c.name: (c.function, c.program, c.outcome == FAILED) for c in result.checks if c.program}


def equal_everywhere(results: Sequence[Result]) -> list[Equal]:
    """Group submissions whose programs are all equal, the wrong ones first."""
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


def equal_in_one(results: Sequence[Result], listed: set[tuple[str, ...]]) -> list[Equal]:
    """Group submissions with one equal function, except the groups already ``listed``."""
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
    found = [g for g in found if g.members not in listed]
    # Few and wrong is what instructors look for; many and right is what short functions give.
    return sorted(found, key=lambda g: (-g.wrong, len(g.members), g.function))[:60]
