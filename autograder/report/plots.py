"""Geometry of the small plots: what a template needs to draw them, and the same as numbers for a table."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.report.axes import Scale, Tick, around_one, finite, fitting, label, wide
from autograder.report.measured import Curve, Ratio, Training
from autograder.results import PASSED

LEFT, RIGHT, TOP, BASE = 44, 280, 22, 166  # the frame of the loss curve in a box of 360 by 200
_GAP = 14.0  # between the names of lines
_AXIS = 58.0  # of a strip
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.:-=+*#"


@dataclass(frozen=True)
class Line:
    """One curve as an SVG path, with its name beside its end."""

    path: str
    mine: bool
    name: str
    end: tuple[float, float]
    name_y: float
    broken: bool  # ends in numbers that are none


@dataclass(frozen=True)
class LossPlot:
    lines: tuple[Line, ...]
    xticks: tuple[Tick, ...]
    yticks: tuple[Tick, ...]
    log: bool
    xlabel: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # some points of every curve, for a table


@dataclass(frozen=True)
class RatioPlot:
    ticks: tuple[Tick, ...]
    one: float
    middle: float
    low: float
    width: float


@dataclass(frozen=True)
class Rule:
    """A vertical line with a name."""

    at: float
    name: str
    anchor: str


@dataclass(frozen=True)
class Strip:
    dots: tuple[tuple[float, float], ...]
    ticks: tuple[Tick, ...]
    rules: tuple[Rule, ...]
    median: float


def loss_plot(found: Training) -> LossPlot | None:
    """Lay out the loss of every seed and of the reference, or None where there is nothing to draw."""
    curves = [(c.label, c, True) for c in found.curves]
    if len(curves) == 1:
        curves = [("yours", curves[0][1], True)]
    if found.reference:
        curves.append(("reference", Curve("reference", PASSED, found.reference), False))
    values = [v for _, c, _ in curves for v in c.losses]
    if not finite(values):
        return None
    if not wide(values) and found.reference and finite(found.reference):
        values = _near(values, finite(found.reference))
    down = fitting(values, BASE, TOP)
    across = Scale(0.0, 1.0, LEFT, RIGHT)
    lines = _spread([_line(name, c, mine, across, down) for name, c, mine in curves])
    marks = [Tick(across(q), label(round(q * found.steps)) if found.steps else f"{q:.0%}") for q in (0.0, 0.5, 1.0)]
    return LossPlot(
        tuple(lines),
        tuple(marks),
        down.ticks(),
        down.log,
        "training steps" if found.steps else "part of the training steps",
        tuple(name for name, _, _ in curves),
        tuple(_points(q, [c for _, c, _ in curves]) for q in _QUARTERS),
    )


def ratio_plot(found: Ratio) -> RatioPlot:
    """Lay out a ratio with its interval on a logarithmic axis around the reference."""
    scale = around_one([found.middle, found.low, found.high], 14, 346)
    high = scale(found.high if math.isfinite(found.high) else scale.high)
    ticks = tuple(Tick(scale(v), label(v)) for v in _powers(scale))
    low = scale(found.low)
    return RatioPlot(ticks, scale(1.0), scale(found.middle), low, round(max(high - low, 2.0), 1))


def strip_plot(
    values: Sequence[float], rules: Mapping[str, float], ratio: bool, frame: Sequence[float] = ()
) -> Strip | None:
    """Lay out one dot per submission, stacked where they are close, with named lines to compare them with.

    Args:
      frame: the ends of the axis; default: whatever the values need.
    """
    shown = finite(values)
    if not shown:
        return None
    named = {name: v for name, v in rules.items() if math.isfinite(v)}
    both = [*shown, *named.values()]
    if frame:
        scale = Scale(min(frame), max(frame), 14, 346)
    else:
        scale = around_one(both, 14, 346) if ratio else fitting(both, 14, 346)
    columns = [round(scale(v) / 7) for v in sorted(shown)]
    step = min(6.0, 34.0 / max(Counter(columns).values()))
    height: Counter[int] = Counter()
    dots = []
    for value, column in zip(sorted(shown), columns, strict=True):
        dots.append((scale(value), round(_AXIS - 5 - step * height[column], 1)))
        height[column] += 1
    ticks = tuple(Tick(scale(v), label(v)) for v in _powers(scale)) if ratio else scale.ticks()
    marks = tuple(Rule(scale(v), name, _anchor(scale(v))) for name, v in named.items())
    return Strip(tuple(dots), ticks, marks, scale(statistics.median(shown)))


def spark(values: Sequence[float], frame: Sequence[float], width: int = 24, plain: bool = False) -> str:
    """Draw a curve with blocks, one line high, on the scale of all values in ``frame``; "!" is not a number."""
    blocks = _ASCII if plain else _BLOCKS
    if not values or not finite(frame):
        return ""
    scale = fitting(frame, 0, len(blocks) - 1)
    width = min(width, len(values))
    parts = [values[i * len(values) // width : (i + 1) * len(values) // width] for i in range(width)]
    means = [statistics.fmean(finite(p)) if len(finite(p)) == len(p) else math.nan for p in parts]
    return "".join("!" if math.isnan(m) else blocks[round(scale(m))] for m in means)


def _line(name: str, curve: Curve, mine: bool, across: Scale, down: Scale) -> Line:
    last = max(1, len(curve.losses) - 1)
    path, pen, end = [], "M", (float(LEFT), float(BASE))
    for i, value in enumerate(curve.losses):
        if not math.isfinite(value):
            pen = "M"
            continue
        end = (across(i / last), down(value))
        path.append(f"{pen}{end[0]:g} {end[1]:g}")
        pen = "L"
    broken = bool(curve.losses) and not math.isfinite(curve.losses[-1])
    said = name if curve.outcome == PASSED else f"{name} ✗"
    return Line("".join(path), mine, said, end, end[1], broken)


def _spread(lines: Sequence[Line]) -> list[Line]:
    """Move names apart that would overlap, and keep them in the frame."""
    order = sorted(range(len(lines)), key=lambda i: lines[i].end[1])
    places = [lines[i].end[1] for i in order]
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + _GAP)
    for k in range(len(places) - 1, -1, -1):
        ceiling = BASE + 4.0 if k == len(places) - 1 else places[k + 1] - _GAP
        places[k] = min(places[k], ceiling)
    moved = dict(zip(order, places, strict=True))
    return [Line(x.path, x.mine, x.name, x.end, round(moved[i], 1), x.broken) for i, x in enumerate(lines)]


def _near(values: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Keep a linear axis readable: a curve far off goes along the edge."""
    low, high = min(reference), max(reference)
    room = 2 * (high - low) or abs(high) or 1.0
    return [min(max(v, low - room), high + room) for v in finite(values)] + list(reference)


def _points(quarter: float, curves: Sequence[Curve]) -> tuple[str, ...]:
    found = [c.losses[round(quarter * (len(c.losses) - 1))] if c.losses else math.nan for c in curves]
    return (f"{quarter:.0%}", *(f"{v:.3g}" if math.isfinite(v) else "not a number" for v in found))


def _powers(scale: Scale) -> list[float]:
    first, last = math.ceil(math.log2(scale.low)), math.floor(math.log2(scale.high))
    every = math.ceil((last - first + 1) / 7)
    return [2.0**e for e in range(first, last + 1) if e % every == 0]


def _anchor(at: float) -> str:
    return "start" if at < 60 else "end" if at > 300 else "mid"
