"""Small hand-made items of every kind, and exams, for tests."""

from __future__ import annotations

from pathlib import Path

from autograder.exam.blueprint import Exam, read_exam
from question_bank.item import APPROVED, Item, Number, Option, Pair, Slip

_NAMES = """
amber basin cedar delta ember fjord grove heath islet jetty kiosk larch marsh nylon ocean pearl quartz raven slate
thorn umber viola wharf xenon yacht zebra acorn birch coral dunes eagle flint
"""
WORDS = _NAMES.split()

EXAM = """
id = "mid"
title = "Mid-term"
minutes = 90
{top}
[[section]]
title = "First"
{cells}
"""


def single(name: str, difficulty: float = 0.4, topic: str = "relu", **fields: object) -> Item:
    """A single choice that shares nothing with others of another name."""
    options = (Option(f"{name} one", True), Option(f"{name} two", False, f"not two: {name}"), Option(f"{name} three"))
    base: dict[str, object] = {"options": options, "facts": (f"fact-{name}",), "state": APPROVED, "level": "remember"}
    return Item(
        id=name,
        kind="single",
        topic=topic,
        difficulty=difficulty,
        stem=f"Stem of {name}?",
        explanation=f"Because of {name}.",
        **{**base, **fields},  # type: ignore[arg-type]
    )


def bank(count: int, topic: str = "relu", prefix: str = "item", **fields: object) -> list[Item]:
    """Single choices of difficulties from 0.2 to 0.7."""
    made = []
    for n in range(count):
        name = f"{prefix}-{WORDS[n % len(WORDS)]}-{WORDS[-1 - n // len(WORDS)]}"
        made.append(single(name, 0.2 + 0.5 * ((n * 7) % count) / max(1, count - 1), topic, **fields))
    return made


def one_of_each() -> list[Item]:
    """An item of every kind."""
    base = {"topic": "relu", "level": "apply", "difficulty": 0.5, "explanation": "Because.", "state": APPROVED}
    slips = (Slip(2.5, "You forgot to double."),)
    rows: list[dict[str, object]] = [
        {"id": "a", "kind": "single", "options": (Option("x", True), Option("y", False, "y is wrong"), Option("z"))},
        {"id": "b", "kind": "multiple", "options": (Option("k", True), Option("l", True), Option("m"), Option("n"))},
        {"id": "c", "kind": "numeric", "number": Number(5.0, 0.1, "px", slips)},
        {"id": "d", "kind": "short", "accepted": ("Long short-term memory", "LSTM")},
        {"id": "e", "kind": "matching", "pairs": (Pair("cat", "meows"), Pair("dog", "barks")), "extra": ("sings",)},
        {"id": "f", "kind": "ordering", "steps": ("wash", "peel", "boil", "serve")},
        {"id": "g", "kind": "cloze", "gaps": (("red",), ("blue", "azure"))},
        {"id": "h", "kind": "code", "code": "print(1 + 1)", "accepted": ("2",)},
    ]
    stems = {"g": "The rose is {1}, the sky is {2}."}
    return [Item(stem=stems.get(str(row["id"]), f"Question {row['id']}: $x^2$?"), **base, **row) for row in rows]  # type: ignore[arg-type]


def exam(folder: Path, cells: str, top: str = "") -> Exam:
    path = folder / "exam.toml"
    path.write_text(EXAM.format(cells=cells, top=top))
    return read_exam(path)


def cell(count: int, points: float = 1, **more: object) -> str:
    lines = [f"count = {count}", f"points = {points}", *(f"{k} = {v!r}" for k, v in more.items())]
    return "\n[[section.cell]]\n" + "\n".join(lines) + "\n"
