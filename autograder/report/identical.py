"""Submissions whose programs are equal: evidence, not a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.results import FAILED, Result


@dataclass(frozen=True)
class Equal:
    """Submissions whose programs are equal: in every function (``function`` empty) or in one.

    ``wrong`` counts the functions that fail in every member.
    """

    function: str
    members: tuple[str, ...]
    functions: int
    wrong: int


def equal_everywhere(results: Sequence[Result]) -> list[Equal]:
    """Group submissions whose programs are all equal, the wrong ones first."""
    groups: dict[tuple[tuple[str, tuple[str, ...]], ...], list[Result]] = {}
    for result in results:
        if signature := tuple(sorted(_programs(result).items())):
            groups.setdefault(signature, []).append(result)
    found = [_equal("", same, [name for name, _ in key]) for key, same in groups.items() if len(same) > 1]
    return sorted(found, key=lambda g: (-g.wrong, -len(g.members), g.members))


def equal_in_one(results: Sequence[Result], listed: set[tuple[str, ...]]) -> list[Equal]:
    """Group submissions with one equal function, except the groups already ``listed``."""
    groups: dict[tuple[str, tuple[str, ...]], list[Result]] = {}
    for result in results:
        for function, programs in _programs(result).items():
            groups.setdefault((function, programs), []).append(result)
    found = [_equal(function, same, [function]) for (function, _), same in groups.items() if len(same) > 1]
    found = [g for g in found if g.members not in listed]
    # Few and wrong is what instructors look for; many and right is what short functions give.
    return sorted(found, key=lambda g: (-g.wrong, len(g.members), g.function))[:60]


def _programs(result: Result) -> dict[str, tuple[str, ...]]:
    """Map function to its programs at printed sizes, for the functions that have any."""
    programs: dict[str, list[str]] = {}
    for check in result.checks:
        if check.program:
            programs.setdefault(check.function, []).append(f"{check.name} {check.program}")
    return {function: tuple(sorted(known)) for function, known in programs.items()}


def _equal(function: str, same: Sequence[Result], functions: Iterable[str]) -> Equal:
    # The check that fails need not be the one whose program is known.
    wrong = set(functions).intersection(*({c.function for c in r.checks if c.outcome == FAILED} for r in same))
    return Equal(function, tuple(r.submission for r in same), len(tuple(functions)), len(wrong))
