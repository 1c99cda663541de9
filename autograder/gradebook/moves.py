"""Who moved: the marks that differ between two gradebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from autograder.gradebook.mark_records import Gradebook


@dataclass(frozen=True)
class Move:
    """A mark that changed; ``assignment`` is "" for the total, which alone has ``letters``: its grades then and now."""

    student: str
    name: str
    assignment: str
    before: Decimal | None
    after: Decimal | None
    why: tuple[str, ...]
    letters: tuple[str | None, str | None] = (None, None)

    @property
    def difference(self) -> Decimal:
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


def who_moved(
    before: Gradebook, after: Gradebook, because: Mapping[tuple[str, str], str] | None = None
) -> tuple[Move, ...]:
    """List the marks that differ between two gradebooks, by how much and why; the largest differences first.

    Args:
      because: (student, assignment) → what changed in the evidence's score, if the caller knows.
    """
    old = {row.student.id: row for row in before.rows}
    moves = []
    for row in after.rows:
        was = old.get(row.student.id)
        for name, mark in row.marks.items():
            past = was.marks.get(name) if was else None
            points = past.points if past else None
            if points != mark.points:
                why = _news(past.why if past else (), mark.why)
                note = (because or {}).get((row.student.id, name))
                moves.append(
                    Move(row.student.id, row.student.name, name, points, mark.points, (note, *why) if note else why)
                )
        total, letter = (was.total, was.letter) if was else (None, None)
        if (total, letter) != (row.total, row.letter):
            why = _news(was.reasons if was else (), row.reasons)
            grades = (letter, row.letter)
            moves.append(Move(row.student.id, row.student.name, "", total, row.total, why, grades))
    return tuple(sorted(moves, key=lambda m: (m.assignment == "", -abs(m.difference), m.student, m.assignment)))


def _news(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    new = tuple(r for r in after if r not in before)
    return new + tuple(f"no longer: {r}" for r in before if r not in after)
