"""Practice for what a student missed, as pages show it; a report does not know where the items come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.results import Result


@dataclass(frozen=True)
class PracticeItem:
    """One question with its answer, for practice without marks."""

    stem: str
    code: str
    options: tuple[str, ...]
    answers: tuple[str, ...]
    explanation: str


@dataclass(frozen=True)
class PracticeTopic:
    """Items on one topic."""

    topic: str
    items: tuple[PracticeItem, ...]


PracticeFor = Callable[[Result], Sequence[PracticeTopic]]


def no_practice(result: Result) -> Sequence[PracticeTopic]:
    """Offer nothing: where there is no question bank."""
    return ()
