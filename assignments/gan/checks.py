"""What is checked in the assignment, in plain sight: each check runs on printed sizes, and on hidden ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks import (
    Case,
    Generator,
    Part,
    Sizes,
    Task,
    case,
    cost,
    gradients,
    key,
    part,
    task,
    throughput,
    training,
    trajectory,
    values,
)

from .inputs import (
    DATA,
    NOISE,
    flat,
    hundreds,
    later,
    logits,
    more_fake,
    more_real,
    noise,
    one_slope,
    partly_flat,
    penalised,
    start,
    sure,
    surer,
    thousands,
)
from .kinds import (
    STEPS,
    d_game,
    deep,
    fakes,
    falling,
    g_game,
    layers,
    line,
    pairs,
    rising,
    rounds,
    slopes,
    smoothing,
    some_smoothing,
)
from .ladders import *  # noqa: F403  the grader looks for ladders and options here
from .options import *  # noqa: F403

WIDE_CRITIC, WIDE_GENERATOR, WIDE_BATCH = (2, 128, 128, 1), (4, 128, 128, 2), 512

# The ring, as in given.py.
ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2.0 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
SPREAD = 0.2
ROUNDS, SAMPLES, WIDTH, BATCH = 1200, 1000, 64, 128


# --- minimax and non-saturating losses --------------------------------------------------------------------


@values("d_loss")
def d_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss of ordinary logits, also of one logit each"""
    yield from pairs(rng, size)


@values("d_loss", needs=("d_loss_values",))
def d_loss_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss of very large logits, on the right side and on the wrong one, stays finite and right"""
    real, fake = more_real(size)
    yield case("logits of up to ±180", hundreds(rng, real), hundreds(rng, fake))
    yield case("logits near ±10,000", thousands(rng, real), thousands(rng, fake))


@values("d_loss", needs=("d_loss_values",))
def d_loss_sure(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss of a discriminator that is sure and right is tiny, but not zero"""
    real, fake = more_real(size)
    yield case("real logits above 18, fake ones below -18", sure(rng, real), -sure(rng, fake))
    yield case("real logits above 40, fake ones below -40", surer(rng, real), -surer(rng, fake))


@gradients("d_loss", wrt=(0, 1), needs=("d_loss_values",))
def d_loss_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss has the right gradient for both batches, also where logits are large"""
    real, fake = more_real(size)
    yield case("ordinary logits", logits(rng, real, 1.0), logits(rng, fake, -1.0))
    yield case("logits of up to ±180", hundreds(rng, real), hundreds(rng, fake))
    yield case("logits near ±10,000", thousands(rng, real), thousands(rng, fake))


@values("d_loss_smoothed")
def d_loss_smoothed_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss_smoothed lowers the target of the real samples only"""
    real, fake = more_real(size)
    for label, smooth in smoothing(rng):
        yield case(label, logits(rng, real, 1.0), logits(rng, fake, -1.0), smooth)
    real, fake = more_fake(size)
    yield case("more fake samples than real", logits(rng, real, 1.0), logits(rng, fake, -1.0), some_smoothing(rng))
    yield case("one real and one fake sample", logits(rng, 1, 0.5), logits(rng, 1, -0.5), some_smoothing(rng))


@values("d_loss_smoothed", needs=("d_loss_smoothed_values",))
def d_loss_smoothed_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_loss_smoothed of very large logits stays finite and right"""
    real, fake = more_real(size)
    for label, smooth in smoothing(rng):
        yield case(f"{label}, logits of up to ±180", hundreds(rng, real), hundreds(rng, fake), smooth)
        yield case(f"{label}, logits near ±10,000", thousands(rng, real), thousands(rng, fake), smooth)


@values("g_loss_minimax")
def g_loss_minimax_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_minimax of ordinary logits, also of a single one"""
    yield from fakes(rng, size)


@values("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_minimax of very large logits stays finite and right"""
    fake = size(7, 4, 24)
    yield case("logits of up to ±180", hundreds(rng, fake))
    yield case("logits near ±10,000", thousands(rng, fake))


@values("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_sure(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_minimax is tiny, but not zero, where the discriminator is not fooled"""
    fake = size(7, 4, 24)
    yield case("logits below -18", -sure(rng, fake))
    yield case("logits below -40", -surer(rng, fake))


@gradients("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_minimax has the right gradient, also where logits are large"""
    yield from slopes(rng, size)


@values("g_loss_nonsaturating")
def g_loss_nonsaturating_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_nonsaturating of ordinary logits, also of a single one"""
    yield from fakes(rng, size)


@values("g_loss_nonsaturating", needs=("g_loss_nonsaturating_values",))
def g_loss_nonsaturating_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_nonsaturating of very large logits stays finite and right"""
    fake = size(7, 4, 24)
    yield case("logits of up to ±180", hundreds(rng, fake))
    yield case("logits near ±10,000", thousands(rng, fake))


@gradients("g_loss_nonsaturating", needs=("g_loss_nonsaturating_values",))
def g_loss_nonsaturating_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_loss_nonsaturating pushes hardest where the discriminator is not fooled"""
    yield from slopes(rng, size)


# --- least squares, hinge, Wasserstein --------------------------------------------------------------------


@values("ls_d_loss")
def ls_d_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """ls_d_loss of ordinary and of large outputs"""
    yield from pairs(rng, size, large=True)


@values("ls_g_loss")
def ls_g_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """ls_g_loss of ordinary and of large outputs"""
    yield from fakes(rng, size, large=True)


@values("hinge_d_loss")
def hinge_d_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """hinge_d_loss of outputs inside and beyond the margin"""
    yield from pairs(rng, size, large=True)


@values("hinge_g_loss")
def hinge_g_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """hinge_g_loss of ordinary and of large outputs"""
    yield from fakes(rng, size, large=True)


@values("w_critic_loss")
def w_critic_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """w_critic_loss is what the critic minimises"""
    yield from pairs(rng, size, large=True)


@values("w_g_loss")
def w_g_loss_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """w_g_loss is what the generator minimises"""
    yield from fakes(rng, size, large=True)


# --- the gradient penalty ---------------------------------------------------------------------------------


@values("gradient_penalty")
def gradient_penalty_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """gradient_penalty at points between real and fake samples"""
    sizes, rows = deep(size)
    yield case("two hidden layers or more", *penalised(rng, sizes, rows))
    yield case("a steep critic", *penalised(rng, sizes, rows, 2.0))
    yield case("one hidden layer, samples on a line", *penalised(rng, *line(size)))
    yield case("no hidden layer, a single sample", *one_slope(rng, size(3, 2, 6)))


@gradients("gradient_penalty", needs=("gradient_penalty_values",))
def gradient_penalty_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """gradient_penalty can be differentiated for the critic's parameters: a gradient of a gradient"""
    sizes, rows = deep(size)
    yield case("two hidden layers or more", *penalised(rng, sizes, rows))
    yield case("a steep critic", *penalised(rng, sizes, rows, 2.0))
    yield case("one hidden layer, samples on a line", *penalised(rng, *line(size)))


@gradients("gradient_penalty", needs=("gradient_penalty_gradient",))
def gradient_penalty_flat(rng: Generator, size: Sizes) -> Iterator[Case]:
    """gradient_penalty of a critic that is flat has a gradient of zero, not NaN"""
    sizes, rows = deep(size)
    yield case("the last layer's weights are zero", *flat(rng, sizes, rows))
    yield case("flat at some samples, not at others", *partly_flat(rng, sizes, rows))


# --- the game ---------------------------------------------------------------------------------------------


@values("d_objective", needs=("d_loss_values",))
def d_objective_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_objective is d_loss of the critic's logits for real and generated samples"""
    yield case("deep networks, more real samples than fake", *d_game(rng, size, (8, 8), (8, 8), *more_real(size)))
    yield case("a linear critic, more fake samples than real", *d_game(rng, size, (), (6,), *more_fake(size)))
    yield case("a linear generator, one real and one fake sample", *d_game(rng, size, (5,), (), 1, 1))


@gradients("d_objective", wrt=(0,), needs=("d_objective_values",))
def d_objective_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_objective moves the discriminator, by its logits for real and for fake samples"""
    yield case("deep networks, more real samples than fake", *d_game(rng, size, (8, 8), (8, 8), *more_real(size)))


@gradients("d_objective", wrt=(1,), needs=("d_objective_values",))
def d_objective_frozen(rng: Generator, size: Sizes) -> Iterator[Case]:
    """d_objective does not move the generator: its gradient there is exactly zero"""
    yield case("deep networks, more real samples than fake", *d_game(rng, size, (8, 8), (8, 8), *more_real(size)))


@values("g_objective", needs=("g_loss_nonsaturating_values",))
def g_objective_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_objective is the non-saturating loss of the critic's logits for generated samples"""
    yield case("deep networks", *g_game(rng, size, (8, 8), (8, 8), size(7, 2, 24)))
    yield case("a linear critic", *g_game(rng, size, (), (6,), size(9, 2, 24)))
    yield case("a linear generator, one fake sample", *g_game(rng, size, (5,), (), 1))


@gradients("g_objective", wrt=(0,), needs=("g_objective_values",))
def g_objective_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_objective moves the generator, through the discriminator"""
    yield case("deep networks", *g_game(rng, size, (8, 8), (8, 8), size(7, 2, 24)))


@gradients("g_objective", wrt=(1,), needs=("g_objective_values",))
def g_objective_frozen(rng: Generator, size: Sizes) -> Iterator[Case]:
    """g_objective does not move the discriminator: its gradient there is exactly zero"""
    yield case("deep networks", *g_game(rng, size, (8, 8), (8, 8), size(7, 2, 24)))


@trajectory("train_step", steps=STEPS, needs=("d_objective_values", "g_objective_values"))
def train_step_path(rng: Generator, size: Sizes) -> Iterator[Case]:
    """train_step alternates: eight rounds of the game stay with the reference"""
    first = start(rng, *layers(size, (8, 8), (8, 8)))
    yield case("the first rounds, more real samples than noise", *rounds(rng, first, *falling(size)))
    middle = later(rng, *layers(size, (6,), (5, 7)))
    yield case("in the middle of the game, more noise", *rounds(rng, middle, *rising(size)))
    linear = start(rng, *layers(size, (), ()))
    yield case("linear networks, one sample each", *rounds(rng, linear, 1, 1, 1))


# --- does it learn, and at what price ---------------------------------------------------------------------


def _coverage(output: Any, target: np.ndarray) -> Mapping[str, float]:
    """How well samples (SAMPLES, 2) stand for the ring; 1 is as good as it gets."""
    distance = np.linalg.norm(output[:, None] - CENTRES, axis=2)
    near = distance.min(axis=1) < 3 * SPREAD
    share = np.bincount(distance.argmin(axis=1)[near], minlength=8) / len(output)
    # Sliced Wasserstein distance: both clouds seen along sixteen directions, sorted, and compared in order.
    angles = np.arange(16) * np.pi / 16
    directions = np.stack([np.cos(angles), np.sin(angles)])
    gap = np.abs(np.sort(output @ directions, axis=0) - np.sort(target @ directions, axis=0)).mean()
    return {
        "share of the modes that are covered": float((share >= 0.03).mean()),
        "share of the samples near a mode": float(near.mean()),
        "1 - distance to the ring": 1.0 - float(gap),
    }


def _ring(rng: Generator, n: int) -> np.ndarray:
    return CENTRES[rng.integers(0, 8, size=n)] + SPREAD * rng.normal(size=(n, 2))


def _ring_round(rng: Generator) -> Iterator[Part]:
    """One round as large as those of the training, from a state that is not the first."""
    state = later(rng, (DATA, WIDTH, WIDTH, 1), (NOISE, WIDTH, WIDTH, DATA))
    yield part(
        "train_step",
        "a round in the middle of the game, as large as in the training",
        state,
        _ring(rng, BATCH),
        noise(rng, BATCH),
        noise(rng, BATCH),
    )


@training(
    init="given.start",
    step="given.play",
    predict="given.sample",
    measure=_coverage,
    slack=0.1,
    parts=_ring_round,
    needs=("train_step_path",),
)
def ring_training(rng: Generator) -> Iterator[Task]:
    """train_step learns the ring: all eight modes, few samples between them"""
    ring = _ring(rng, SAMPLES)
    yield task(
        f"{ROUNDS} rounds",
        key(rng),
        batches=(rng.integers(0, 2**31, size=ROUNDS),),
        held_out=(noise(rng, SAMPLES),),
        target=ring,
        width=WIDTH,
    )


@cost("gradient_penalty", wrt=(0,), needs=("gradient_penalty_gradient",))
def gradient_penalty_cost(rng: Generator) -> Iterator[Case]:
    """gradient_penalty takes one backward pass for the batch, not one for every row"""
    yield case(f"{WIDE_BATCH} samples", *penalised(rng, WIDE_CRITIC, WIDE_BATCH))


@throughput("train_step", needs=("train_step_path",))
def train_step_speed(rng: Generator) -> Iterator[Case]:
    """train_step is about as fast as the reference's"""
    real = 1.5 * rng.normal(size=(WIDE_BATCH, 2))
    state = start(rng, WIDE_CRITIC, WIDE_GENERATOR)
    yield case(f"batches of {WIDE_BATCH}", state, real, noise(rng, WIDE_BATCH), noise(rng, WIDE_BATCH))
