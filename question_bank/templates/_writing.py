"""How templates write lists of numbers in a stem."""

from __future__ import annotations

from collections.abc import Sequence


def row(values: Sequence[float]) -> str:
    """Numbers as a vector: (0.5, -2, 1.3)."""
    return f"({', '.join(f'{v:g}' for v in values)})"


def listed(values: Sequence[float]) -> str:
    """Numbers in a sentence: 0.5, -2 and 1.3."""
    texts = [f"{v + 0.0:g}" for v in values]  # + 0.0: minus zero is written 0
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def signed(value: float) -> str:
    """A number as a further term of a sum: + 0.5 or − 0.5."""
    return f"{'−' if value < 0 else '+'} {abs(value):g}"


def inside(value: float, form: str = "g") -> str:
    """A number inside a formula: in brackets if it is negative."""
    text = f"{value + 0.0:{form}}"
    text = text.lstrip("-") if not float(text) else text
    return f"({text})" if text.startswith("-") else text
