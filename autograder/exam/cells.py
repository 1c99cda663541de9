"""The parts of an exam: sections with cells of the blueprint, fixed items and programming tasks."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.exam.form import Task

ANY, BANK, TEMPLATES = SOURCES = ("any", "bank", "templates")


@dataclass(frozen=True)
class Cell:
    """One cell of the blueprint: ``count`` items of the given topics, levels, kinds and difficulties.

    Attributes:
      name: Name of the cell in error messages.
      topics, levels, kinds: Allowed values; empty for any.
      difficulty: Lowest and highest difficulty, both included.
      points: Points of each item.
      target: Desired mean difficulty; ``None`` for the mean of all items that fit.
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
class FixedItem:
    """An item (or a template) that is part of every form; items linked to it come along, each for ``points``."""

    id: str
    points: float
    name: str


@dataclass(frozen=True)
class Section:
    title: str
    text: str = ""
    cells: tuple[Cell, ...] = ()
    fixed: tuple[FixedItem, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Accommodation:
    """Extra time for one student."""

    percent: float = 0.0
    minutes: float = 0.0
