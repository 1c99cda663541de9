"""Measurements in lines of text, for terminals and Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograder.report.axes import around_one, label
from autograder.report.measured import Held, Ratio, Training
from autograder.report.plots import spark
from autograder.report.text import count, short_number

_CELLS = 33


@dataclass(frozen=True)
class Reading:
    """A loss curve in one line."""

    name: str
    blocks: str
    first: str
    last: str


def curves(found: Training, plain: bool = False) -> tuple[Reading, ...]:
    """Draw every seed's loss and the reference's on one scale."""
    both = [(c.label, c.losses) for c in found.curves]
    if found.reference:
        both.append(("reference", found.reference))
    frame = [v for _, losses in both for v in losses]
    return tuple(
        Reading(name, spark(losses, frame, plain=plain), short_number(losses[0]), short_number(losses[-1]))
        for name, losses in both
    )


def held_out(found: Held) -> str:
    """Say what a run reached on data that it was not trained on."""
    yours, needed, reference = (short_number(v) for v in (found.yours, found.needed, found.reference))
    enough = "" if found.enough else ": not enough"
    return f"{found.name}, {found.seed}: yours {yours}, needed {needed}, reference {reference}{enough}"


def meter(found: Ratio, plain: bool = False) -> str:
    """Draw the interval of a ratio and the reference at 1 in one line."""
    scale = around_one([found.middle, found.low, found.high], 0, _CELLS - 1)
    rail, band, middle, one = "-=o|" if plain else "─━●┃"
    cells = [rail] * _CELLS
    last = round(scale(found.high)) if math.isfinite(found.high) else _CELLS - 1
    for i in range(round(scale(found.low)), last + 1):
        cells[i] = band
    cells[round(scale(1.0))] = one
    cells[round(scale(found.middle))] = middle
    low, high = (label(float(f"{v:.2g}")) for v in (scale.low, scale.high))
    return f"{low} {''.join(cells)} {high} times, {one} is the reference"


def numbers(found: Ratio, device: str) -> str:
    """Set the student's numbers beside the reference's."""
    said = "; ".join(f"{n.what}: yours {n.yours}, reference {n.reference}" for n in found.numbers)
    if found.timed:
        said += f"; {count(found.pairs, 'pair')} of runs on {device}"
    return said.removeprefix("; ")
