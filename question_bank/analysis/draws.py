"""Compare the draws of a template: is it equally hard with every set of numbers?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.limits import DRAW_ANSWERS
from question_bank.analysis.measures import residuals
from question_bank.analysis.table import Answer, Floats

PERMUTATIONS = 2000


@dataclass(frozen=True)
class Drawn:
    """One set of numbers of a template: its name, how many students had it, their mean share of the points."""

    name: str
    count: int
    mean: float


@dataclass(frozen=True)
class Draws:
    """A template's draws.

    Attributes:
      drawn: Each draw, the hardest first.
      compared: How many had enough answers to be compared.
      p: Chance of differences this large between equally hard draws, ability held constant; NaN for fewer than two.
      spread: Estimated standard deviation of the draws' true difficulty, as a fraction of the points; 0 where chance
        explains all of it.
    """

    drawn: tuple[Drawn, ...]
    compared: int
    p: float
    spread: float


def compare_draws(answers: Sequence[Answer], rest: Floats, seed: int = 0) -> Draws:
    """Test whether the draws of one template differ in difficulty, by a permutation of students.

    Args:
      answers: All answers to the template.
      rest: Array of shape `[len(answers)]`: standing of each of these students in the rest of the exam.  What it
        explains is taken out first, so that a draw that fell to good students does not look easy.
      seed: Of the permutations.

    References:
      Freedman & Lane, "A nonstochastic interpretation of reported significance levels", Journal of Business & Economic
      Statistics 1, 1983 (permuting residuals).
      Phipson & Smyth, "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular
      Biology 9, 2010.
    """
    groups: dict[str, list[int]] = {}
    for i, answer in enumerate(answers):
        groups.setdefault(answer.draw, []).append(i)
    share = np.array([a.share for a in answers])
    drawn = [Drawn(name, len(rows), float(share[rows].mean())) for name, rows in groups.items()]
    drawn.sort(key=lambda d: (d.mean, d.name))
    big = [rows for rows in groups.values() if len(rows) >= DRAW_ANSWERS]
    if len(big) < 2:
        return Draws(tuple(drawn), len(big), math.nan, math.nan)
    chosen = np.array([i for rows in big for i in rows])
    label = np.repeat(np.arange(len(big)), [len(rows) for rows in big])
    left = residuals(share[chosen], np.nan_to_num(rest[chosen]))
    sizes = np.bincount(label).astype(float)
    observed = _between(left, label, sizes)
    rng = np.random.default_rng(seed)
    chance = np.array([_between(rng.permutation(left), label, sizes) for _ in range(PERMUTATIONS)])
    p = (1 + int((chance >= observed - 1e-12).sum())) / (1 + PERMUTATIONS)
    return Draws(tuple(drawn), len(big), p, _spread(left, label, sizes))


def _between(values: Floats, label: np.ndarray, sizes: Floats) -> float:
    sums = np.bincount(label, weights=values)
    return float((sums**2 / sizes).sum())


def _spread(values: Floats, label: np.ndarray, sizes: Floats) -> float:
    """Estimate the standard deviation between draws by the method of moments (one-way analysis of variance).

    References:
      Searle, Casella & McCulloch, *Variance Components*, 1992.
    """
    groups, n = len(sizes), values.size
    if n <= groups:
        return math.nan
    means = np.bincount(label, weights=values) / sizes
    within = float(((values - means[label]) ** 2).sum()) / (n - groups)
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (groups - 1)
    typical = (n - float((sizes**2).sum()) / n) / (groups - 1)
    return math.sqrt(max(0.0, (between - within) / typical))
