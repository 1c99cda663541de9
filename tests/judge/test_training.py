"""Training is judged on both tails, over seeds, and may be inconclusive."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from autograder.judge.oracle.expected import Learned
from autograder.judge.performance.training import POINTS, bar, impossible, judge_run, thin, undecided, verdict
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, CaseEvidence

STEPS = 200
RNG = np.random.default_rng(0)
# Five seeds that go from about 2 to about 0.1.
LOSSES = np.stack([0.1 + 1.9 * np.exp(-np.arange(STEPS) / 30) * RNG.uniform(0.9, 1.1) for _ in range(5)])
LEARNED = Learned(["n"], LOSSES.astype(np.float32), {"accuracy": (0.90, 0.91, 0.92, 0.91, 0.90)})
BASE = {"label": "seed 1"}


def judge(losses: np.ndarray, accuracy: float, slack: float = 0.02) -> CaseEvidence:
    return judge_run(losses, {"accuracy": accuracy}, LEARNED, slack, BASE)


def test_a_run_as_good_as_the_reference_passes() -> None:
    found = judge(LOSSES[0], 0.905)
    assert found.outcome == PASSED and not found.message
    assert found.statistics["reference accuracy"] == pytest.approx(0.908)
    assert set(found.curves) == {"loss", "reference loss"}
    assert judge(LOSSES[0], 1.0).outcome == PASSED  # better than the reference at the end is fine


def test_the_bar_is_the_references_spread_and_the_slack() -> None:
    low, mean = bar(LEARNED, "accuracy", 0.02)
    assert mean == pytest.approx(0.908)
    assert low == pytest.approx(0.908 - 3 * np.std(LEARNED.numbers["accuracy"], ddof=1) - 0.02)
    assert judge(LOSSES[0], low).outcome == PASSED
    assert judge(LOSSES[0], low - 1e-6).outcome == FAILED
    assert judge(LOSSES[0], low - 1e-6, slack=0.03).outcome == PASSED


def test_a_run_that_does_not_learn_fails_with_the_bar_it_missed() -> None:
    found = judge(np.full(STEPS, 2.0), 0.1)
    assert found.outcome == FAILED
    assert (
        "accuracy is 0.1 after training, expected at least 0.8" in found.message
        and "(reference: 0.908)" in found.message
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_explodes_names_the_step(bad: float) -> None:
    losses = LOSSES[0].copy()
    losses[40:] = bad
    found = judge(losses, np.nan)
    assert found.outcome == FAILED
    assert "stops being a finite number at step 41" in found.message and "accuracy is nan" in found.message


def test_a_network_trained_elsewhere_fails() -> None:
    found = judge(np.full(STEPS, 0.1), 0.91)
    assert found.outcome == FAILED and "trained already" in found.message and "first 8 steps" in found.message


@pytest.mark.parametrize("factor", [0.7, 0.9, 1.0, 1.5])
def test_a_somewhat_better_start_is_not_impossible(factor: float) -> None:
    assert not impossible(LOSSES[0] * factor, LEARNED)


def test_a_reference_that_does_not_descend_accuses_nobody() -> None:
    flat = dataclasses.replace(LEARNED, losses=np.ones((5, STEPS), np.float32))
    assert not impossible(np.zeros(STEPS), flat)


def _cases(*outcomes: str) -> list[CaseEvidence]:
    return [CaseEvidence("seed", o, message=f"why {o}") for o in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "expected", "message"),
    [
        ("PPP", PASSED, ""),
        ("FFF", FAILED, "why failed"),
        ("PPPPPF", PASSED, ""),
        ("PFFFFF", FAILED, "why failed"),
        ("PPPFFF", INCONCLUSIVE, "inconclusive: 3 of 6 seeds learned; run more seeds (why failed)"),
        ("PPN", NOT_JUDGED, ""),
    ],
)
def test_a_clear_majority_of_seeds_decides(outcomes: str, expected: str, message: str) -> None:
    cases = _cases(*({"P": PASSED, "F": FAILED, "N": NOT_JUDGED}[o] for o in outcomes))
    assert verdict(cases) == (expected, message)
    assert undecided(cases) == (len(set(outcomes)) > 1)


def test_curves_are_thinned_without_moving() -> None:
    curve = np.linspace(0, 1, 1000)
    assert len(thin(curve)) == POINTS
    assert np.mean(thin(curve)) == pytest.approx(0.5, abs=1e-2)
    assert thin(np.array([3.0, 4.0])) == (3.0, 4.0)
