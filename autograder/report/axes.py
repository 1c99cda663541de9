"""Axes of hand-made plots: from numbers to places, with few and round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDE = 20.0  # from this ratio of largest to smallest on, a linear axis shows only the largest
_TINY, _HUGE = 1e-12, 1e12  # a diverged loss may be anything; an axis need not


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """Maps [low, high] to [start, end]; what is outside ends up at the edge."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return round(self.start + (self.end - self.start) * (value - low) / (high - low), 1)

    def ticks(self, most: int = 5) -> tuple[Tick, ...]:
        """Return at most ``most`` round numbers in the range and where they go."""
        values = _log_values(self.low, self.high, most) if self.log else _linear_values(self.low, self.high, most)
        return tuple(Tick(self(v), label(v)) for v in values)


def finite(values: Iterable[float]) -> list[float]:
    """Return the numbers that a plot can show."""
    return [min(max(v, -_HUGE), _HUGE) if abs(v) > _TINY else 0.0 for v in values if math.isfinite(v)]


def wide(values: Sequence[float]) -> bool:
    """Whether the values ask for a logarithmic axis: none is negative and they span more than a decade."""
    shown = finite(values)
    positive = [v for v in shown if v > _TINY]
    return bool(positive) and min(shown) >= 0 and max(positive) / min(positive) > _WIDE


def fitting(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale on which all values fit, logarithmic where they are :func:`wide`."""
    shown = finite(values) or [0.0, 1.0]
    if wide(shown):
        positive = [v for v in shown if v > _TINY]
        return Scale(min(positive) / 1.15, max(positive) * 1.15, start, end, log=True)
    low, high = min(shown), max(shown)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return Scale(0.0 if 0 <= low < high / 3 else low - room, high + room, start, end)


def around_one(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a logarithmic scale for ratios, with 1 and the whole of every value in it."""
    shown = [min(max(v, 1e-4), 1e4) for v in finite(values)]
    low, high = min([0.5, *shown]), max([2.0, *shown])
    return Scale(low / 1.1, high * 1.1, start, end, log=True)


def label(value: float) -> str:
    """Write a round number for an axis."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _linear_values(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10, 20) if unit * m >= rough)
    first = math.ceil(low / step - 1e-9)
    values = [round((first + i) * step, 12) for i in range(most + 1)]
    return [v for v in values if v <= high * (1 + 1e-12) + 1e-12 * step]


def _log_values(low: float, high: float, most: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        every = math.ceil((last - first + 1) / most)
        return [10.0**e for e in range(first, last + 1, every)]
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = [f * 10.0**e for e in range(first - 1, last + 1) for f in factors]
        values = [v for v in values if low <= v <= high]
        if len(values) <= most:
            break
    return values
