"""Is a training run as good as the reference's?  Judged on both tails, over several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.answers import Learned
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, CaseEvidence

SIGMAS = 3.0
POINTS = 60  # of a stored curve
START = 0.04  # share of the steps in which nobody has learned much yet
HEAD_START = 0.5  # share of the whole descent that nobody makes in that time, beyond the reference


def judge_run(
    losses: np.ndarray, numbers: Mapping[str, float], learned: Learned, slack: float, base: Mapping[str, Any]
) -> CaseEvidence:
    """Judge one run.

    Args:
      losses: float32 of shape (steps,).
      numbers: the held-out measures; more is better.
      slack: how much less than the reference's numbers is still as good.
    """
    statistics: dict[str, float] = {
        "steps": float(len(losses)),
        "final loss": float(np.mean(losses[-max(1, len(losses) // 10) :])),
    }
    complaints: list[str] = []
    if not np.all(np.isfinite(losses)):
        step = int(np.argmin(np.isfinite(losses))) + 1
        complaints.append(f"the loss is not a number any more at step {step}")
    for name, value in numbers.items():
        low, mean = bar(learned, name, slack)
        statistics |= {name: value, f"reference {name}": mean, f"needed {name}": low}
        if not value >= low:
            complaints.append(
                f"{name} is {value:.3g} after training, at least {low:.3g} is needed (reference: {mean:.3g})"
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
    """The least acceptable value of a measure, and the reference's mean."""
    reference = np.asarray(learned.numbers[name])
    return float(reference.mean() - SIGMAS * reference.std(ddof=1) - slack), float(reference.mean())


def impossible(losses: np.ndarray, learned: Learned) -> str:
    """Say so when a run is far ahead before it can have learned: a network trained elsewhere."""
    steps = max(2, int(START * len(losses)))
    mine = float(np.mean(losses[:steps]))
    theirs = learned.losses[:, :steps].mean(axis=1)
    descent = float(theirs.mean() - learned.losses[:, -max(1, len(losses) // 10) :].mean())
    if descent > 0 and mine < theirs.mean() - SIGMAS * theirs.std(ddof=1) - HEAD_START * descent:
        return (
            f"the loss is {mine:.3g} within the first {steps} steps (reference: {theirs.mean():.3g}): "
            "the network seems to be trained already; start from random weights"
        )
    return ""


def undecided(cases: Sequence[CaseEvidence]) -> bool:
    """Whether the seeds so far disagree."""
    return len({c.outcome for c in cases}) > 1


def verdict(cases: Sequence[CaseEvidence], learned: Learned) -> tuple[str, str]:
    """All seeds agree, or a clear majority does; else more seeds are needed."""
    outcomes = [c.outcome for c in cases]
    if NOT_JUDGED in outcomes:
        return NOT_JUDGED, ""
    passed = outcomes.count(PASSED) / len(outcomes)
    if passed >= 0.8:
        return PASSED, ""
    first = next(c.message for c in cases if c.outcome == FAILED)
    if passed <= 0.4:
        return FAILED, first
    text = f"inconclusive: {outcomes.count(PASSED)} of {len(outcomes)} seeds learned; run more seeds"
    return INCONCLUSIVE, f"{text} ({first})"


def thin(curve: np.ndarray) -> tuple[float, ...]:
    """At most POINTS points of a curve, each the mean of its stretch."""
    parts = np.array_split(np.asarray(curve, np.float64), min(POINTS, len(curve)))
    return tuple(round(float(p.mean()), 6) for p in parts)
