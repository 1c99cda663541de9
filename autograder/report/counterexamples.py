"""The smallest public case on which a function is wrong, as lines that a student can copy and run."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.report.text import capital, count, visible
from autograder.results import Counterexample

GIVES, EXPECTED = "Your code gives", "Expected"
_LONGEST = 4000  # characters of a call or a value


def title(example: Counterexample) -> str:
    """Name the case, and say what is already right."""
    are = "is" if example.passed == 1 else "are"
    right = f" ({count(example.passed, 'smaller case')} {are} right)" if example.passed > 0 else ""
    return f"A small case that goes wrong: {example.label}{right}"


def block(value: str) -> list[str]:
    """Split code or a value into lines that are safe to show."""
    return visible(value.strip("\n"), lines=True, limit=_LONGEST).split("\n")


def values(example: Counterexample) -> tuple[tuple[str, str], ...]:
    """Return what a student's code gives and what is expected, each with its name."""
    return ((GIVES, example.actual), (EXPECTED, example.expected))


def line(example: Counterexample) -> str:
    """Name the student's line, with its code."""
    return f"At {example.where}: {example.code.strip()}" if example.code else f"At {example.where}"


def text_lines(example: Counterexample) -> Iterator[str]:
    """Write a counterexample as plain text, the call in lines of its own."""
    yield visible(title(example))
    yield from block(example.call)
    for name, value in values(example):
        shown = block(value)
        yield from [f"{name}: {shown[0]}"] if len(shown) == 1 else [f"{name}:", *shown]
    if example.where:
        yield visible(line(example))
    if example.advice:
        yield visible(capital(example.advice))
