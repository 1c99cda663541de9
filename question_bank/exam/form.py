"""A form: the items that one student gets, in their order, with points; and what of it a student may see.

Whatever leaves the server goes through ``Shown``: with another key, another form of the same words is the same page.
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
class Placed:
    """An item at its place in a form.

    Attributes:
      name: Name of the answer field; the same for every form, tells nothing ("q1", "q2", …).
      item: With options in the order in which this student sees them.
      points: What a full answer earns.
      section: Title of the section.
    """

    name: str
    item: Item
    points: float
    section: str = ""


@dataclass(frozen=True)
class Task:
    """A programming task: an assignment of the course that stands in the exam, the same for every student."""

    assignment: str
    title: str
    points: float
    section: str = ""


@dataclass(frozen=True)
class Form:
    """What one student gets in one exam: items and programming tasks."""

    exam: str
    student: str
    placed: tuple[Placed, ...]
    tasks: tuple[Task, ...] = ()

    @property
    def points(self) -> float:
        return sum(one.points for one in self.placed) + sum(task.points for task in self.tasks)


@dataclass(frozen=True)
class Shown:
    """What a student sees of one item: words only, nothing of the key.

    Attributes:
      options: Texts of a choice, in the student's order; a response is an index, or a list of indices.
      lefts, rights: For matching; a response is the list of chosen rights, one for each left.
      steps: For ordering, shuffled; a response is all of them in the student's order.
      gaps: For cloze, how many {1}, {2} … stand in the stem; a response is a list of texts.
      unit: Behind the field of a number; a response to a number or a text is a text.
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


def show(placed: Placed, form: Form) -> Shown:
    """What the student of ``form`` sees of an item.

    Right sides and steps are shuffled by a hash of their words and the student: their order tells nothing of the key.
    """
    item = placed.item
    shuffle = random.Random(hashlib.sha256(f"{form.exam}\x1f{form.student}\x1f{placed.name}".encode()).digest())
    rights = sorted({p.right for p in item.pairs} | set(item.extra))
    steps = sorted(item.steps)
    shuffle.shuffle(rights)
    shuffle.shuffle(steps)
    return Shown(
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
    """What a student's form is drawn from: HMAC-SHA256(secret, exam, student) as hex digits."""
    return hmac.new(secret, f"{exam}\x1f{student}".encode(), hashlib.sha256).hexdigest()
