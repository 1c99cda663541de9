"""What the ledger holds about one student in one assignment: the input of one mark."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from autograder.gradebook.records import Attempt, Book, Extension, Judgement, Override, SlipDays


class Entry(Protocol):
    @property
    def at(self) -> datetime.datetime: ...


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True)
class Evidence:
    """Attempts and decisions of one student in one assignment.

    Attributes:
      overrides: in the order of time.
      extension: the last one, which may take earlier ones back.
      slip_days: the most to spend here, by the student's last choice; None without a choice.
      judgements: earlier and present ones, of attempts with several.
    """

    attempts: tuple[Attempt, ...] = ()
    overrides: tuple[Override, ...] = ()
    extension: Extension | None = None
    slip_days: int | None = None
    judgements: tuple[Judgement, ...] = ()


NOTHING = Evidence()


def gather(book: Book) -> Mapping[tuple[str, str], Evidence]:
    """Sort the book by (student, assignment)."""
    owner = {a.number: (a.student, a.assignment) for a in book.attempts}
    attempts: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    overrides: dict[tuple[str, str], list[Override]] = defaultdict(list)
    judgements: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for a in book.attempts:
        attempts[owner[a.number]].append(a)
    for o in in_order(book.overrides):
        if o.attempt in owner:
            overrides[owner[o.attempt]].append(o)
    for j in book.judgements:
        if j.attempt in owner:
            judgements[owner[j.attempt]].append(j)
    extensions = {(e.student, e.assignment): e for e in in_order(book.extensions)}
    days = last_choices(book.slip_days)
    return {
        key: Evidence(
            tuple(attempts.get(key, ())),
            tuple(overrides.get(key, ())),
            extensions.get(key),
            days.get(key),
            tuple(judgements.get(key, ())),
        )
        for key in {**attempts, **extensions, **days}
    }


def last_choices(entries: Iterable[SlipDays]) -> dict[tuple[str, str], int]:
    """Map (student, assignment) to the slip days of the last choice; a choice that was withdrawn is left out."""
    last = {(e.student, e.assignment): e.days for e in in_order(entries)}
    return {key: days for key, days in last.items() if days is not None}


def in_order(entries: Iterable[E]) -> list[E]:
    """Sort decisions by their time; those of the same moment stay as the ledger has them."""
    return sorted(entries, key=lambda e: e.at)
