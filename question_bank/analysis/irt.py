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
    """A unit's discrimination ``a`` (per standard deviation of ability) and difficulty ``b`` (on the scale of ability).

    ``a_error`` and ``b_error`` are their standard errors.
    """

    a: float
    a_error: float
    b: float
    b_error: float


@dataclass(frozen=True)
class Fit:
    """A fitted 2PL, or the reason why no model was fitted.

    Attributes:
      curves: Unit → parameters; empty when no model was fitted.
      left_out: Unit → why it is not in the model.
      converged: Whether the estimates settled.
      why_not: For people; empty when a model was fitted.
    """

    curves: dict[str, Curve]
    left_out: dict[str, str]
    converged: bool = False
    why_not: str = ""


def fit(table: Table, rest_correlation: dict[str, float]) -> Fit:
    """Fit the right-or-wrong units of an exam, when there are enough students, answers and units (see ``limits``).

    Args:
      table: The exam's answers.
      rest_correlation: Unit → corrected point-biserial correlation; a unit where it is not positive is left out,
        because the model assumes that better students are more often right.

    Returns:
      The parameters of each fitted unit, and the reason for each unit that is left out.
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
            left_out[unit] = "all students earned the same"
        elif not rest_correlation.get(unit, math.nan) > 0:
            left_out[unit] = "good students do no better on it"
    chosen = [i for i, unit in enumerate(table.units) if unit not in left_out]
    if len(chosen) < IRT_ITEMS:
        return _none(f"{len(chosen)} suitable items; a 2PL needs {IRT_ITEMS}", left_out)
    names = [table.units[i] for i in chosen]
    return _fitted(table.share[:, chosen], names, left_out)


def estimate(right: Floats, *, priors: bool = True) -> tuple[list[Curve], float, bool]:
    """Estimate a 2PL by marginal maximum likelihood.

    Args:
      right: Array of shape `[students, units]`, float64: 1 for right, 0 for wrong, NaN for a unit that was not in the
        student's form.
      priors: Whether to use weak priors, log a ~ N(0, 0.5²) and b ~ N(0, 2²), which keep estimates from small classes
        finite.

    Returns:
      One curve for each unit, the log-likelihood, and whether the estimates settled.

    Raises:
      mirt.exceptions.MirtError: The data do not allow an estimate.

    References:
      Birnbaum, "Some latent trait models and their use in inferring an examinee's ability", in Lord & Novick,
      *Statistical Theories of Mental Test Scores*, 1968 (the model).
      Bock & Aitkin, "Marginal maximum likelihood estimation of item parameters: application of an EM algorithm", 1981.
    """
    import mirt
    from mirt.estimation.priors import LogNormalPrior, NormalPrior

    weak = {"discrimination": LogNormalPrior(0.0, 0.5), "difficulty": NormalPrior(0.0, 2.0)} if priors else None
    fitted = mirt.fit_mirt(
        right, model="2PL", n_quadpts=POINTS, max_iter=2000, tol=1e-5, priors=weak, accelerate="squarem"
    )
    values, errors = fitted.model.parameters, fitted.standard_errors
    columns = [np.ravel(array[name]) for name in ("discrimination", "difficulty") for array in (values, errors)]
    curves = [Curve(*map(float, row)) for row in zip(*columns, strict=True)]
    return curves, float(fitted.log_likelihood), bool(fitted.converged)


def _fitted(right: Floats, names: list[str], left_out: dict[str, str]) -> Fit:
    from mirt.exceptions import MirtError

    answered = ~np.isnan(right).all(axis=1)
    try:
        curves, _, converged = estimate(right[answered])
    except (MirtError, np.linalg.LinAlgError, FloatingPointError) as error:
        return _none(f"the estimation failed: {error}", left_out)
    return Fit(dict(zip(names, curves, strict=True)), left_out, converged)


def _none(why: str, left_out: dict[str, str] | None = None) -> Fit:
    return Fit({}, left_out or {}, why_not=why)
