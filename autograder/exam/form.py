"""A form: the items of one student, in order and with points, and the part of them that the student may see.

Pages for students are made from ``ShownItem`` alone, which holds nothing of the key: two forms that differ only in
their keys give the same page.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from dataclasses import dataclass

from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING, SHORT, SINGLE, Item

CHOICES = (SINGLE, MULTIPLE)
TYPED = (NUMERIC, SHORT, CODE)


@dataclass(frozen=True)
class PlacedItem:
    """An item at its place in a form.

    Attributes:
      name: Name of the answer field: "q1", "q2", …, the same in every form; it reveals nothing about the item.
      item: The item, with its options in the order in which this student sees them.
      points: Points for a fully correct answer.
      section: Title of the section.
    """

    name: str
    item: Item
    points: float
    section: str = ""


@dataclass(frozen=True)
class Task:
    """A programming task: an assignment of the course that is part of the exam, the same for every student."""

    assignment: str
    title: str
    points: float
    section: str = ""


@dataclass(frozen=True)
class Form:
    """The items and programming tasks of one student in one exam."""

    exam: str
    student: str
    placed: tuple[PlacedItem, ...]
    tasks: tuple[Task, ...] = ()

    @property
    def points(self) -> float:
        return sum(placed.points for placed in self.placed) + sum(task.points for task in self.tasks)


@dataclass(frozen=True)
class ShownItem:
    """The part of an item that the student sees: texts only, nothing of the key.

    Attributes:
      options: Texts of the options, in the student's order; a response is an index, or a list of indices.
      lefts, rights: The two sides of a matching item; a response is a list with the chosen right for each left.
      steps: Steps of an ordering item, shuffled; a response is the list of all steps in the student's order.
      gaps: Number of gaps {1}, {2}, … in the stem of a cloze item; a response is a list of texts.
      unit: Unit shown after the field of a number; a response to a number or a short answer is a text.
    """

    name: str
    kind: str
    stem: str
    code: str
    points: float
    section: str
    options: tuple[str, ...] = ()
    lefts: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    gaps: int = 0
    unit: str = ""


def show(placed: PlacedItem, form: Form) -> ShownItem:
    """Return the part of an item that the student of ``form`` sees.

    Right sides and steps are sorted and then shuffled with a seed from exam, student and name, so their order reveals
    nothing about the key.
    """
    item = placed.item
    shuffle = random.Random(hashlib.sha256(f"{form.exam}\x1f{form.student}\x1f{placed.name}".encode()).digest())
    rights = sorted({p.right for p in item.pairs} | set(item.extra))
    steps = sorted(item.steps)
    shuffle.shuffle(rights)
    shuffle.shuffle(steps)
    return ShownItem(
        placed.name,
        item.kind,
        item.stem,
        item.code,
        placed.points,
        placed.section,
        tuple(o.text for o in item.options) if item.kind in CHOICES or item.kind == CODE else (),
        tuple(p.left for p in item.pairs) if item.kind == MATCHING else (),
        tuple(rights) if item.kind == MATCHING else (),
        tuple(steps) if item.kind == ORDERING else (),
        len(item.gaps) if item.kind == CLOZE else 0,
        item.number.unit if item.number else "",
    )


def form_seed(secret: bytes, exam: str, student: str) -> str:
    """The seed of a student's form: HMAC-SHA256(secret, exam, student) as hex digits."""
    return hmac.new(secret, f"{exam}\x1f{student}".encode(), hashlib.sha256).hexdigest()
