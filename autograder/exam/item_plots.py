"""Geometry of an exam's plots: marks, items by difficulty and discrimination, who chose which option, draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report.axes import Scale, Tick
from question_bank.analysis.analyse import Analysis, UnitStatistics
from question_bank.analysis.draws import Draws

LEFT, RIGHT, TOP, BASE = 44.0, 344.0, 14.0, 166.0  # of the scatter, in a box of 360 by 204
COLUMNS = (64.0, 160.0, 256.0)  # lower, middle, upper group
HIGH, LOW = 14.0, 112.0  # of the option plot, in a box of 360 by 148
_GAP = 13.0  # between the names of lines


@dataclass(frozen=True)
class Bin:
    """A column of the histogram; ``label`` is for readers of the text, ``short`` stands under it."""

    x: float
    y: float
    height: float
    count: int
    short: str
    label: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    flagged: bool
    name: str


@dataclass(frozen=True)
class Scatter:
    dots: tuple[Dot, ...]
    xticks: tuple[Tick, ...]
    yticks: tuple[Tick, ...]
    zero: float


@dataclass(frozen=True)
class Trace:
    """One option: the share of each group that chose it."""

    path: str
    points: tuple[tuple[float, float], ...]
    right: bool
    name: str
    name_y: float
    end: float


@dataclass(frozen=True)
class OptionPlot:
    traces: tuple[Trace, ...]
    yticks: tuple[Tick, ...]


@dataclass(frozen=True)
class DrawPlot:
    dots: tuple[tuple[float, float, float], ...]  # x, y, radius
    ticks: tuple[Tick, ...]


def histogram(marks: Sequence[float]) -> tuple[Bin, ...]:
    """Marks in steps of ten percent; the last step holds 100 too."""
    counts = [0] * 10
    for mark in marks:
        counts[min(9, max(0, math.floor(mark / 10 + 1e-9)))] += 1
    most = max([*counts, 1])
    bins = []
    for i, count in enumerate(counts):
        height = round(130 * count / most, 1)
        top = 100 if i == 9 else 10 * i + 9
        label = f"{10 * i} to {top} percent"
        bins.append(Bin(14.0 + 33.5 * i, round(155 - height, 1), height, count, str(10 * i), label))
    return tuple(bins)


def scatter(analysis: Analysis) -> Scatter | None:
    """Every unit by its share of the points and its corrected correlation; nothing where none has one."""
    known = [u for u in analysis.units if not math.isnan(u.correlation.value)]
    if not known:
        return None
    low = min(0.0, *(u.correlation.value for u in known)) if known else 0.0
    across = Scale(0.0, 1.0, LEFT, RIGHT)
    down = Scale(math.floor(low * 5 - 0.25) / 5 if low < 0 else 0.0, 0.9, BASE, TOP)
    dots = [Dot(across(u.share.value), down(u.correlation.value), bool(u.flags), u.unit) for u in known]
    dots.sort(key=lambda d: d.flagged)
    xticks = tuple(Tick(across(v), f"{v:.0%}") for v in (0.0, 0.25, 0.5, 0.75, 1.0))
    return Scatter(tuple(dots), xticks, down.ticks(), down(0.0))


def option_plot(unit: UnitStatistics) -> OptionPlot | None:
    """The share of the lower, middle and upper group that chose each option."""
    shown = [c for c in unit.choices if not math.isnan(c.lower + c.middle + c.upper)]
    if len(shown) < 2:
        return None
    down = Scale(0.0, 1.0, LOW, HIGH)
    order = sorted(range(len(shown)), key=lambda i: (down(shown[i].upper), i))
    places = [down(shown[i].upper) for i in order]
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + _GAP)
    for k in range(len(places) - 1, -1, -1):
        places[k] = min(places[k], LOW if k == len(places) - 1 else places[k + 1] - _GAP)
    at = dict(zip(order, places, strict=True))
    traces = []
    for i, choice in enumerate(shown):
        ys = [down(v) for v in (choice.lower, choice.middle, choice.upper)]
        points = tuple(zip(COLUMNS, ys, strict=True))
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
        name = choice.label or (choice.text if len(choice.text) <= 9 else choice.text[:8] + "…")
        said = f"{name} (key)" if choice.right else name
        traces.append(Trace(path, points, choice.right, said, round(at[i], 1), ys[-1]))
    traces.sort(key=lambda t: t.right)
    return OptionPlot(tuple(traces), tuple(Tick(down(v), f"{v:.0%}") for v in (0.0, 0.5, 1.0)))


def draw_plot(draws: Draws) -> DrawPlot:
    """One dot for each draw at its share of the points, larger for more answers; stacked where they are close."""
    across = Scale(0.0, 1.0, 16.0, 344.0)
    height: dict[int, float] = {}
    dots = []
    most = max(d.count for d in draws.drawn)
    step = min(9.0, 46.0 / max(1, max(_crowd([across(d.mean) for d in draws.drawn]).values())))
    for one in draws.drawn:
        x = across(one.mean)
        column = round(x / 10)
        y = height.get(column, 54.0)
        height[column] = y - step
        dots.append((x, round(y, 1), round(2.0 + 2.5 * math.sqrt(one.count / most), 1)))
    return DrawPlot(tuple(dots), tuple(Tick(across(v), f"{v:.0%}") for v in (0.0, 0.25, 0.5, 0.75, 1.0)))


def _crowd(places: Sequence[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for x in places:
        found[round(x / 10)] = found.get(round(x / 10), 0) + 1
    return found
