"""A class that does not exist: known abilities, known items, known mistakes of the examiner.

Right or wrong follows the 2PL; who is wrong chooses among the wrong options, each with a pull of its own that may
depend on ability; times follow the lognormal model (van der Linden, 2006).  The same seed gives the same class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.table import Answer, Floats

LETTERS = ("alpha", "beta", "gamma", "delta")  # texts of the options; the first is right


@dataclass(frozen=True)
class Truth:
    """One simulated item.

    Attributes:
      a, b: 2PL parameters.
      pulls: Of the three wrong options on who is wrong (weights); ``tilts`` multiplies each by exp(tilt · ability).
      marked: Index of the option that the examiner calls right; 0 is the truth.
      second: Index of a second option that is right too, and that half of those who know choose; 0 for none.
      seconds: Typical time.
      shifts: Draw → how much harder it is (in b); with it, the item is a template.
    """

    name: str
    a: float
    b: float
    pulls: tuple[float, float, float] = (1.0, 1.0, 1.0)
    tilts: tuple[float, float, float] = (0.0, 0.0, 0.0)
    marked: int = 0
    second: int = 0
    seconds: float = 60.0
    shifts: Mapping[str, float] | None = None


def sound_items(count: int, seed: int = 0) -> list[Truth]:
    """Items as good ones are: a from 0.7 to 2, b from −1.6 to 0.7, wrong options that all find takers."""
    rng = np.random.default_rng(seed)
    items = []
    for i in range(count):
        pulls = rng.uniform(0.6, 1.6, 3)
        tilts = rng.uniform(-0.3, 0.3, 3)
        items.append(
            Truth(
                f"item-{i + 1:02}",
                float(np.clip(rng.lognormal(0.1, 0.25), 0.7, 2.0)),
                float(rng.uniform(-1.6, 0.7)),
                (float(pulls[0]), float(pulls[1]), float(pulls[2])),
                (float(tilts[0]), float(tilts[1]), float(tilts[2])),
                seconds=float(rng.uniform(30, 120)),
            )
        )
    return items


def sit(
    items: Sequence[Truth],
    students: int = 200,
    seed: int = 0,
    *,
    per_form: int = 0,
    abilities: Floats | None = None,
    limit: float = math.inf,
    tiring: float = 0.0,
) -> list[Answer]:
    """Let a class take an exam.

    Args:
      per_form: Items in each student's form, drawn from all; 0 for everything.
      abilities: One for each student; standard normal, if not given.
      limit: Seconds for the whole exam; what comes after is left unanswered.
      tiring: How much harder (in b) the last place of a form is than the first.
    """
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=students) if abilities is None else abilities
    pace = rng.normal(0, 0.2, students)
    answers = []
    for s in range(students):
        order = rng.permutation(len(items))[: per_form or len(items)]
        spent = 0.0
        for place, i in enumerate(order.tolist(), 1):
            item = items[i]
            draw = sorted(item.shifts)[rng.integers(len(item.shifts))] if item.shifts else ""
            harder = (item.shifts[draw] if item.shifts else 0.0) + tiring * (place - 1) / max(1, len(order) - 1)
            seconds = item.seconds * math.exp(pace[s] + rng.normal(0, 0.3))
            spent += seconds
            chosen = _choose(item, float(theta[s]), harder, rng) if spent <= limit else None
            answers.append(_answer(item, f"s{s + 1:03}", chosen, draw, seconds if spent <= limit else math.nan, place))
    return answers


def _choose(item: Truth, theta: float, harder: float, rng: np.random.Generator) -> int:
    """The index of the option that a student takes."""
    if rng.random() < 1 / (1 + math.exp(-item.a * (theta - item.b - harder))):
        return item.second if item.second and rng.random() < 0.5 else 0
    pull = np.array(item.pulls) * np.exp(np.array(item.tilts) * theta)
    if item.second:
        pull[item.second - 1] = 0  # choosing it is not being wrong
    return 1 + int(rng.choice(3, p=pull / pull.sum()))


def _answer(item: Truth, student: str, chosen: int | None, draw: str, seconds: float, place: int) -> Answer:
    return Answer(
        student,
        f"{item.name}-{draw}" if draw else item.name,
        float(chosen == item.marked),
        group=item.name if draw else "",
        draw=draw,
        response=() if chosen is None else (LETTERS[chosen],),
        key=(LETTERS[item.marked],),
        options=LETTERS,
        seconds=seconds,
        position=place,
    )
