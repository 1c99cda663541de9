"""Judge training runs: as good as the reference's, not better than is possible, and on most seeds.

Results of one seed say little, so the reference's spread over seeds sets the bar, and several seeds decide.

References:
  Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021.
  Henderson et al., Deep Reinforcement Learning That Matters, AAAI 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judge.oracle.expected import Learned
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, CaseEvidence, Outcome

SIGMAS = 3.0
POINTS = 60  # of a stored curve
START = 0.04  # share of the steps in which a network cannot have learned much yet
HEAD_START = 0.5  # share of the whole descent that a network cannot be ahead of the reference in that time


def judge_run(
    losses: np.ndarray, numbers: Mapping[str, float], learned: Learned, slack: float, base: Mapping[str, Any]
) -> CaseEvidence:
    """Judge one run by its losses and its held-out measures.

    Args:
      losses: the training loss of every step, float32 of shape ``[steps]``.
      numbers: the held-out measures by name; more is better.
      slack: how much less than the reference's numbers is still as good, in their unit.
      base: further fields of the evidence: label and draw.

    Returns:
      Passed, or failed with every complaint; with the numbers, the bars and both curves, thinned.
    """
    statistics: dict[str, float] = {
        "steps": float(len(losses)),
        "final loss": float(np.mean(losses[-max(1, len(losses) // 10) :])),
    }
    complaints: list[str] = []
    if not np.all(np.isfinite(losses)):
        step = int(np.argmin(np.isfinite(losses))) + 1
        complaints.append(f"the loss stops being a finite number at step {step}")
    for name, value in numbers.items():
        low, mean = bar(learned, name, slack)
        statistics |= {name: value, f"reference {name}": mean, f"needed {name}": low}
        if not value >= low:
            complaints.append(
                f"{name} is {value:.3g} after training, expected at least {low:.3g} (reference: {mean:.3g})"
            )
    early = impossible(losses, learned)
    if early and not complaints:
        complaints.append(early)
    curves = {"loss": thin(losses), "reference loss": thin(learned.losses.mean(axis=0))}
    message = "; ".join(complaints)
    return CaseEvidence(
        outcome=FAILED if complaints else PASSED, message=message, statistics=statistics, curves=curves, **base
    )


def bar(learned: Learned, name: str, slack: float) -> tuple[float, float]:
    """Return the least acceptable value of a measure, and the reference's mean.

    The bar lies three sample standard deviations over seeds, and the slack, below the mean.

    References:
      Shewhart, Economic Control of Quality of Manufactured Product, 1931 (three-sigma limits).
    """
    reference = np.asarray(learned.numbers[name])
    return float(reference.mean() - SIGMAS * reference.std(ddof=1) - slack), float(reference.mean())


def impossible(losses: np.ndarray, learned: Learned) -> str:
    """Complain of a run that is far ahead before it can have learned: a network trained elsewhere.

    Args:
      losses: the training loss of every step, shape ``[steps]``.

    Returns:
      The complaint, or an empty text.  A reference that does not descend gives no ground for one.
    """
    steps = max(2, int(START * len(losses)))
    early = float(np.mean(losses[:steps]))
    reference = learned.losses[:, :steps].mean(axis=1)
    descent = float(reference.mean() - learned.losses[:, -max(1, len(losses) // 10) :].mean())
    if descent > 0 and early < reference.mean() - SIGMAS * reference.std(ddof=1) - HEAD_START * descent:
        return (
            f"the loss is {early:.3g} within the first {steps} steps (reference: {reference.mean():.3g}): "
            "the network seems to be trained already; start from random weights"
        )
    return ""


def undecided(cases: Sequence[CaseEvidence]) -> bool:
    """Whether the seeds so far disagree."""
    return len({c.outcome for c in cases}) > 1


def verdict(cases: Sequence[CaseEvidence]) -> tuple[Outcome, str]:
    """Return the outcome over seeds and its message: inconclusive without a clear majority."""
    outcomes = [c.outcome for c in cases]
    if NOT_JUDGED in outcomes:
        return NOT_JUDGED, ""
    passed = outcomes.count(PASSED) / len(outcomes)
    if passed >= 0.8:
        return PASSED, ""
    first = next(c.message for c in cases if c.outcome == FAILED)
    if passed <= 0.4:
        return FAILED, first
    count = f"{outcomes.count(PASSED)} of {len(outcomes)} seeds learned"
    return INCONCLUSIVE, f"inconclusive: {count}; run more seeds ({first})"


def thin(curve: np.ndarray) -> tuple[float, ...]:
    """Thin a curve of shape ``[steps]`` to at most POINTS points, each the mean of its stretch."""
    parts = np.array_split(np.asarray(curve, np.float64), min(POINTS, len(curve)))
    return tuple(round(float(p.mean()), 6) for p in parts)
