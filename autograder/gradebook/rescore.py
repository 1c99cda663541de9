"""Apply a changed rubric: score the stored evidence again, append the scores that differ, and say why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from autograder.assignment.load import Assignment
from autograder.gradebook.ledger import Ledger
from autograder.gradebook.records import ASSIGNMENT, short
from autograder.judge.score import score
from autograder.results import Score


@dataclass(frozen=True)
class Rescored:
    """An attempt whose score changed; ``checks`` says which checks changed and how."""

    attempt: int
    student: str
    assignment: str
    before: Decimal | None
    after: Score
    checks: tuple[str, ...]


def rescore(ledger: Ledger, load: Callable[[str], Assignment]) -> tuple[Rescored, ...]:
    """Apply the current rubrics to all stored evidence; no submission is run.

    Unchanged scores append no row.

    Args:
      load: loads an assignment by its name.
    """
    loaded: dict[str, Assignment] = {}
    changed: list[Rescored] = []
    scores: dict[int, Score] = {}
    for attempt in ledger.book().attempts:
        if attempt.kind != ASSIGNMENT:  # an exam's key is corrected in the bank
            continue
        if attempt.assignment not in loaded:
            loaded[attempt.assignment] = load(attempt.assignment)
        assignment = loaded[attempt.assignment]
        result = ledger.result(attempt.number)
        new = score(result, assignment).score
        if new is None:  # a fault of ours left nothing to score
            continue
        checks = _changes(ledger.points_of_checks(attempt.number), new)
        now = (Decimal(repr(new.points)), Decimal(repr(new.possible)), new.judged)
        if now == (attempt.points, attempt.possible, attempt.judged) and not checks:
            continue
        scores[attempt.number] = new
        changed.append(Rescored(attempt.number, attempt.student, attempt.assignment, attempt.points, new, checks))
    ledger.rescore(scores)
    return tuple(changed)


def _changes(before: dict[str, Decimal], new: Score) -> tuple[str, ...]:
    after = {c.name: Decimal(repr(c.points)) for c in new.checks}
    said = []
    for name in dict.fromkeys([*before, *after]):
        old, now = before.get(name), after.get(name)
        if old != now:
            said.append(f"{name} {short(old)} → {short(now)}")
    return tuple(said)
