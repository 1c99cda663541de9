"""The options that the handout documents: each is tried in every draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.checks import Case, covers, option

DEPTHS = ("none", "one", "two or more")


def _batches(case: Case) -> str:
    real, fake = len(case.args[0]), len(case.args[1])
    if real == fake == 1:
        return "one of each"
    return "more real" if real > fake else "more fake"


def _number(position: int) -> Callable[[Case], str]:
    return lambda case: "one" if len(case.args[position]) == 1 else "several"


def _magnitude(case: Case) -> str:
    """The range of the logits, by the largest one."""
    largest = max(float(np.abs(a).max()) for a in case.args if a.ndim)
    if largest > 200:
        return "±10,000"
    if largest > 100:
        return "±180"
    return "sure" if largest > 15 else "ordinary"


def _smooth(case: Case) -> str:
    return {0.0: "0", 0.5: "0.5"}.get(float(case.args[2]), "between")


def _depth(position: int) -> Callable[[Case], str]:
    """Count the hidden layers of the network among the arguments."""
    return lambda case: DEPTHS[min(len(case.args[position]) - 1, 2)]


def _coordinates(case: Case) -> str:
    return "one" if case.args[1].shape[1] == 1 else "several"


def _game(case: Case) -> str:
    """Which batch is the largest, and whether the game has begun."""
    state, real, _, z_g = case.args
    if real.shape[1] == 1:
        return "one of each"
    longest = "more real" if real.shape[1] > z_g.shape[1] else "more noise"
    return f"{longest}, {'later' if state['d_opt']['t'] else 'at the start'}"


BATCHES = option("batches", ("more real", "more fake", "one of each"), _batches)
FAKES = option("fake samples", ("one", "several"), _number(0))
FOUR = option("logits", ("ordinary", "sure", "±180", "±10,000"), _magnitude)
THREE = option("logits", ("ordinary", "±180", "±10,000"), _magnitude)
TWO = option("scores", ("ordinary", "±180"), _magnitude)
SMOOTH = option("smooth", ("0", "between", "0.5"), _smooth)

d_loss_options = covers("d_loss", BATCHES, FOUR)
d_loss_smoothed_options = covers("d_loss_smoothed", BATCHES, THREE, SMOOTH, together=[(SMOOTH, THREE)])
g_loss_minimax_options = covers("g_loss_minimax", FAKES, FOUR)
g_loss_nonsaturating_options = covers("g_loss_nonsaturating", FAKES, THREE)
ls_d_loss_options = covers("ls_d_loss", BATCHES, TWO)
ls_g_loss_options = covers("ls_g_loss", FAKES, TWO)
hinge_d_loss_options = covers("hinge_d_loss", BATCHES, TWO)
hinge_g_loss_options = covers("hinge_g_loss", FAKES, TWO)
w_critic_loss_options = covers("w_critic_loss", BATCHES, TWO)
w_g_loss_options = covers("w_g_loss", FAKES, TWO)

gradient_penalty_options = covers(
    "gradient_penalty",
    option("hidden layers", DEPTHS, _depth(0)),
    option("samples", ("one", "several"), _number(1)),
    option("coordinates", ("one", "several"), _coordinates),
)
d_objective_options = covers(
    "d_objective",
    option("hidden layers of the critic", DEPTHS, _depth(0)),
    option("hidden layers of the generator", DEPTHS, _depth(1)),
    option(
        "batches",
        BATCHES.values,
        lambda case: _batches(Case("", case.args[2:])),
    ),
)
g_objective_options = covers(
    "g_objective",
    option("hidden layers of the generator", DEPTHS, _depth(0)),
    option("hidden layers of the critic", DEPTHS, _depth(1)),
    option("fake samples", FAKES.values, _number(2)),
)
train_step_options = covers(
    "train_step",
    option("game", ("more real, at the start", "more noise, later", "one of each"), _game),
)
