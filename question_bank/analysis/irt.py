"""Two-parameter logistic item response theory (2PL), fitted by the mirt library.

P(right) = 1 / (1 + exp(−a·(θ − b))): an item separates students around its difficulty b, more sharply the larger a is.
Ability θ has mean 0 and deviation 1 in the class.  Students may have different items; unseen ones are left out of the
likelihood.  Of the libraries there are, mirt reproduces published estimates with their standard errors, takes holes and
priors, and needs NumPy and SciPy only; girth has had no release since 2021, py-irt needs PyTorch and Python < 3.12.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from question_bank.analysis.limits import IRT_ANSWERS, IRT_ITEMS, IRT_STUDENTS
from question_bank.analysis.table import Floats, Table

POINTS = 41  # of the quadrature


@dataclass(frozen=True)
class Curve:
    """A unit's discrimination a and difficulty b, with standard errors."""

    a: float
    a_error: float
    b: float
    b_error: float


@dataclass(frozen=True)
class Fit:
    """A fitted 2PL, or why there is none.

    Attributes:
      curves: Unit → parameters.
      left_out: Unit → why it is not in the model.
      ability: Student → (θ, standard error), by expected a posteriori.
      converged: Whether the estimates settled.
      why_not: Empty when the model was fitted.
    """

    curves: dict[str, Curve]
    left_out: dict[str, str]
    ability: dict[str, tuple[float, float]]
    log_likelihood: float = math.nan
    converged: bool = False
    why_not: str = ""


def fit(table: Table, rest_correlation: dict[str, float]) -> Fit:
    """Fit the right-or-wrong units of an exam, when the numbers allow it.

    Args:
      rest_correlation: Unit → corrected point-biserial; a unit that good students get wrong has no place in the model.
    """
    if len(table.students) < IRT_STUDENTS:
        return _none(f"{len(table.students)} students; a 2PL needs {IRT_STUDENTS}")
    left_out: dict[str, str] = {}
    for column, unit in enumerate(table.units):
        share = table.share[table.takers[column], column]
        if not np.isin(share, (0.0, 1.0)).all():
            left_out[unit] = "has partial credit"
        elif share.size < IRT_ANSWERS:
            left_out[unit] = f"{share.size} answers; {IRT_ANSWERS} are needed"
        elif np.ptp(share) == 0:
            left_out[unit] = "everybody earned the same"
        elif not rest_correlation.get(unit, math.nan) > 0:
            left_out[unit] = "good students do no better on it"
    chosen = [i for i, unit in enumerate(table.units) if unit not in left_out]
    if len(chosen) < IRT_ITEMS:
        return _none(f"{len(chosen)} suitable items; a 2PL needs {IRT_ITEMS}", left_out)
    names = [table.units[i] for i in chosen]
    return _fitted(table.share[:, chosen], names, table.students, left_out)


def estimate(right: Floats, *, priors: bool = True) -> tuple[list[Curve], Floats, float, bool]:
    """Fit 0/1 answers (NaN where unseen): curves, abilities with errors (students × 2), log-likelihood, converged."""
    import mirt
    from mirt.estimation.priors import LogNormalPrior, NormalPrior

    weak = {"discrimination": LogNormalPrior(0.0, 0.5), "difficulty": NormalPrior(0.0, 2.0)} if priors else None
    found = mirt.fit_mirt(
        right, model="2PL", n_quadpts=POINTS, max_iter=2000, tol=1e-5, priors=weak, accelerate="squarem"
    )
    values, errors = found.model.parameters, found.standard_errors
    columns = [np.ravel(x[name]) for name in ("discrimination", "difficulty") for x in (values, errors)]
    curves = [Curve(*map(float, row)) for row in zip(*columns, strict=True)]
    scores = mirt.fscores(found, right, method="EAP")
    ability = np.column_stack([np.ravel(scores.theta), np.ravel(scores.standard_error)])
    return curves, ability, float(found.log_likelihood), bool(found.converged)


def _fitted(right: Floats, names: list[str], students: tuple[str, ...], left_out: dict[str, str]) -> Fit:
    from mirt.exceptions import MirtError

    some = np.array([not np.isnan(row).all() for row in right])
    try:
        curves, ability, log_likelihood, converged = estimate(right[some])
    except (MirtError, np.linalg.LinAlgError, FloatingPointError) as error:
        return _none(f"the estimation failed: {error}", left_out)
    people = [s for i, s in enumerate(students) if some[i]]
    scored = {s: (float(t), float(e)) for s, (t, e) in zip(people, ability, strict=True)}
    return Fit(dict(zip(names, curves, strict=True)), left_out, scored, log_likelihood, converged)


def _none(why: str, left_out: dict[str, str] | None = None) -> Fit:
    return Fit({}, left_out or {}, {}, why_not=why)
