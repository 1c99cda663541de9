"""The parts of an exam: sections, and in them cells of the blueprint, fixed items and programming tasks."""

from __future__ import annotations

from dataclasses import dataclass

from question_bank.exam.form import Task

ANY, BANK, TEMPLATES = SOURCES = ("any", "bank", "templates")


@dataclass(frozen=True)
class Cell:
    """One line of the blueprint: so many items of this sort.

    Attributes:
      name: What errors call it.
      topics, levels, kinds: Empty for any.
      difficulty: From and to, both included.
      points: Of each item.
      target: Mean difficulty wanted; ``None`` for the mean of all items that fit.
    """

    name: str
    count: int
    points: float
    topics: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    difficulty: tuple[float, float] = (0.0, 1.0)
    target: float | None = None
    source: str = ANY


@dataclass(frozen=True)
class Fixed:
    """An item, or a template by its name, in every form; what is linked to it comes along, each for ``points``."""

    id: str
    points: float
    name: str


@dataclass(frozen=True)
class Section:
    title: str
    text: str = ""
    cells: tuple[Cell, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Accommodation:
    """More time for one student."""

    percent: float = 0.0
    minutes: float = 0.0
