"""What is checked in the assignment, in plain sight.  Inputs are drawn anew for every grading run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks import (
    Case,
    Generator,
    Task,
    case,
    cost,
    gradients,
    key,
    task,
    throughput,
    training,
    trajectory,
    values,
)

REAL, FAKE = 12, 7  # batches of different sizes: their means must be taken apart
CRITIC, NARROW = (2, 8, 8, 1), (3, 8, 1)
GENERATOR = (4, 8, 8, 2)
STEPS = 8
WIDE_CRITIC, WIDE_GENERATOR, WIDE_BATCH = (2, 128, 128, 1), (4, 128, 128, 2), 512

# The ring, as in given.py.
ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2.0 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
SPREAD = 0.2
ROUNDS, SAMPLES = 1200, 1000

Params = list[dict[str, np.ndarray]]


# --- minimax and non-saturating losses --------------------------------------------------------------------


@values("d_loss")
def d_loss_values(rng: Generator) -> Iterator[Case]:
    """d_loss of ordinary logits, also of one logit each"""
    yield from _pairs(rng)
    yield case("one real and one fake sample", _logits(rng, 1, 0.5), _logits(rng, 1, -0.5))


@values("d_loss", needs=("d_loss_values",))
def d_loss_large(rng: Generator) -> Iterator[Case]:
    """d_loss of very large logits, on the right side and on the wrong one, stays finite and right"""
    yield case("logits of up to ±180", _hundreds(rng, REAL), _hundreds(rng, FAKE))
    yield case("logits near ±10,000", _thousands(rng, REAL), _thousands(rng, FAKE))


@values("d_loss", needs=("d_loss_values",))
def d_loss_sure(rng: Generator) -> Iterator[Case]:
    """d_loss of a discriminator that is sure and right is tiny, but not zero"""
    yield case("real logits above 18, fake ones below -18", _sure(rng, REAL), -_sure(rng, FAKE))
    yield case("the same once more", _sure(rng, REAL), -_sure(rng, FAKE))


@gradients("d_loss", wrt=(0, 1), needs=("d_loss_values",))
def d_loss_gradient(rng: Generator) -> Iterator[Case]:
    """d_loss has the right gradient for both batches, also where logits are large"""
    yield case("ordinary logits", _logits(rng, REAL, 1.0), _logits(rng, FAKE, -1.0))
    yield case("logits of up to ±180", _hundreds(rng, REAL), _hundreds(rng, FAKE))


@values("d_loss_smoothed")
def d_loss_smoothed_values(rng: Generator) -> Iterator[Case]:
    """d_loss_smoothed lowers the target of the real samples only"""
    for label, smooth in (("smooth = 0.1", 0.1), ("smooth = 0.3", 0.3), ("smooth = 0", 0.0)):
        yield case(label, _logits(rng, REAL, 1.0), _logits(rng, FAKE, -1.0), np.float32(smooth))


@values("d_loss_smoothed", needs=("d_loss_smoothed_values",))
def d_loss_smoothed_large(rng: Generator) -> Iterator[Case]:
    """d_loss_smoothed of very large logits stays finite and right"""
    yield case("logits of up to ±180", _hundreds(rng, REAL), _hundreds(rng, FAKE), np.float32(0.1))
    yield case("logits near ±10,000", _thousands(rng, REAL), _thousands(rng, FAKE), np.float32(0.1))


@values("g_loss_minimax")
def g_loss_minimax_values(rng: Generator) -> Iterator[Case]:
    """g_loss_minimax of ordinary logits"""
    yield from _fakes(rng)


@values("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_large(rng: Generator) -> Iterator[Case]:
    """g_loss_minimax of very large logits stays finite and right"""
    yield case("logits of up to ±180", _hundreds(rng, FAKE))
    yield case("logits near ±10,000", _thousands(rng, FAKE))


@values("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_sure(rng: Generator) -> Iterator[Case]:
    """g_loss_minimax is tiny, but not zero, where the discriminator is not fooled"""
    yield case("logits below -18", -_sure(rng, FAKE))
    yield case("the same once more", -_sure(rng, FAKE))


@gradients("g_loss_minimax", needs=("g_loss_minimax_values",))
def g_loss_minimax_gradient(rng: Generator) -> Iterator[Case]:
    """g_loss_minimax has the right gradient, also where logits are large"""
    yield case("ordinary logits", _logits(rng, FAKE, -1.0))
    yield case("logits of up to ±180", _hundreds(rng, FAKE))


@values("g_loss_nonsaturating")
def g_loss_nonsaturating_values(rng: Generator) -> Iterator[Case]:
    """g_loss_nonsaturating of ordinary logits, also of a single one"""
    yield from _fakes(rng)
    yield case("one fake sample", _logits(rng, 1, -0.5))


@values("g_loss_nonsaturating", needs=("g_loss_nonsaturating_values",))
def g_loss_nonsaturating_large(rng: Generator) -> Iterator[Case]:
    """g_loss_nonsaturating of very large logits stays finite and right"""
    yield case("logits of up to ±180", _hundreds(rng, FAKE))
    yield case("logits near ±10,000", _thousands(rng, FAKE))


@gradients("g_loss_nonsaturating", needs=("g_loss_nonsaturating_values",))
def g_loss_nonsaturating_gradient(rng: Generator) -> Iterator[Case]:
    """g_loss_nonsaturating pushes hardest where the discriminator is not fooled"""
    yield case("ordinary logits", _logits(rng, FAKE, -1.0))
    yield case("logits of up to ±180", _hundreds(rng, FAKE))


# --- least squares, hinge, Wasserstein --------------------------------------------------------------------


@values("ls_d_loss")
def ls_d_loss_values(rng: Generator) -> Iterator[Case]:
    """ls_d_loss of ordinary and of large outputs"""
    yield from _pairs(rng)
    yield case("outputs of up to ±180", _hundreds(rng, REAL), _hundreds(rng, FAKE))


@values("ls_g_loss")
def ls_g_loss_values(rng: Generator) -> Iterator[Case]:
    """ls_g_loss of ordinary and of large outputs"""
    yield from _fakes(rng)
    yield case("outputs of up to ±180", _hundreds(rng, FAKE))


@values("hinge_d_loss")
def hinge_d_loss_values(rng: Generator) -> Iterator[Case]:
    """hinge_d_loss of outputs inside and beyond the margin"""
    yield from _pairs(rng)
    yield case("outputs of up to ±180", _hundreds(rng, REAL), _hundreds(rng, FAKE))


@values("hinge_g_loss")
def hinge_g_loss_values(rng: Generator) -> Iterator[Case]:
    """hinge_g_loss of ordinary and of large outputs"""
    yield from _fakes(rng)


@values("w_critic_loss")
def w_critic_loss_values(rng: Generator) -> Iterator[Case]:
    """w_critic_loss is what the critic minimises"""
    yield from _pairs(rng)


@values("w_g_loss")
def w_g_loss_values(rng: Generator) -> Iterator[Case]:
    """w_g_loss is what the generator minimises"""
    yield from _fakes(rng)


@values("gradient_penalty")
def gradient_penalty_values(rng: Generator) -> Iterator[Case]:
    """gradient_penalty at points between real and fake samples"""
    yield case("twelve samples in the plane", *_penalised(rng, CRITIC, REAL))
    yield case("a steep critic", *_penalised(rng, CRITIC, REAL, 2.0))
    yield case("five samples in space", *_penalised(rng, NARROW, 5))


@gradients("gradient_penalty", needs=("gradient_penalty_values",))
def gradient_penalty_gradient(rng: Generator) -> Iterator[Case]:
    """gradient_penalty can be differentiated for the critic's parameters: a gradient of a gradient"""
    yield case("twelve samples in the plane", *_penalised(rng, CRITIC, REAL))
    yield case("a steep critic", *_penalised(rng, CRITIC, REAL, 2.0))


@gradients("gradient_penalty", needs=("gradient_penalty_gradient",))
def gradient_penalty_flat(rng: Generator) -> Iterator[Case]:
    """gradient_penalty of a critic that is flat has a gradient of zero, not NaN"""
    d, *rest = _penalised(rng, CRITIC, REAL)
    d[-1] = {"w": np.zeros((8, 1)), "b": rng.normal(size=1)}
    yield case("the last layer's weights are zero", d, *rest)


# --- the game ---------------------------------------------------------------------------------------------


@values("d_objective", needs=("d_loss_values",))
def d_objective_values(rng: Generator) -> Iterator[Case]:
    """d_objective is d_loss of the critic's logits for real and generated samples"""
    yield case("twelve real samples, seven fake", *_d_game(rng))
    yield case("the same once more", *_d_game(rng))


@gradients("d_objective", wrt=(0,), needs=("d_objective_values",))
def d_objective_gradient(rng: Generator) -> Iterator[Case]:
    """d_objective moves the discriminator, by its logits for real and for fake samples"""
    yield case("twelve real samples, seven fake", *_d_game(rng))


@gradients("d_objective", wrt=(1,), needs=("d_objective_values",))
def d_objective_frozen(rng: Generator) -> Iterator[Case]:
    """d_objective does not move the generator: its gradient there is exactly zero"""
    yield case("twelve real samples, seven fake", *_d_game(rng))


@values("g_objective", needs=("g_loss_nonsaturating_values",))
def g_objective_values(rng: Generator) -> Iterator[Case]:
    """g_objective is the non-saturating loss of the critic's logits for generated samples"""
    yield case("seven fake samples", *_g_game(rng))
    yield case("the same once more", *_g_game(rng))


@gradients("g_objective", wrt=(0,), needs=("g_objective_values",))
def g_objective_gradient(rng: Generator) -> Iterator[Case]:
    """g_objective moves the generator, through the discriminator"""
    yield case("seven fake samples", *_g_game(rng))


@gradients("g_objective", wrt=(1,), needs=("g_objective_values",))
def g_objective_frozen(rng: Generator) -> Iterator[Case]:
    """g_objective does not move the discriminator: its gradient there is exactly zero"""
    yield case("seven fake samples", *_g_game(rng))


@trajectory("train_step", steps=STEPS, needs=("d_objective_values", "g_objective_values"))
def train_step_path(rng: Generator) -> Iterator[Case]:
    """train_step alternates: eight rounds of the game stay with the reference"""
    real = 1.5 * rng.normal(size=(STEPS, REAL, 2))
    state = _start(rng, CRITIC, GENERATOR)
    yield case("batches of different sizes", state, real, _noise(rng, STEPS, REAL), _noise(rng, STEPS, FAKE))


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


@training(
    init="given.start",
    step="given.play",
    predict="given.sample",
    measure=_coverage,
    slack=0.1,
    needs=("train_step_path",),
)
def ring_training(rng: Generator) -> Iterator[Task]:
    """train_step learns the ring: all eight modes, few samples between them"""
    ring = CENTRES[rng.integers(0, 8, size=SAMPLES)] + SPREAD * rng.normal(size=(SAMPLES, 2))
    yield task(
        f"{ROUNDS} rounds",
        key(rng),
        batches=(rng.integers(0, 2**31, size=ROUNDS),),
        held_out=(_noise(rng, SAMPLES),),
        target=ring,
        width=64,
    )


@cost("gradient_penalty", wrt=(0,), needs=("gradient_penalty_gradient",))
def gradient_penalty_cost(rng: Generator) -> Iterator[Case]:
    """gradient_penalty takes one backward pass for the batch, not one for every row"""
    yield case(f"{WIDE_BATCH} samples", *_penalised(rng, WIDE_CRITIC, WIDE_BATCH))


@throughput("train_step", needs=("train_step_path",))
def train_step_speed(rng: Generator) -> Iterator[Case]:
    """train_step is about as fast as the reference's"""
    real = 1.5 * rng.normal(size=(WIDE_BATCH, 2))
    state = _start(rng, WIDE_CRITIC, WIDE_GENERATOR)
    yield case(f"batches of {WIDE_BATCH}", state, real, _noise(rng, WIDE_BATCH), _noise(rng, WIDE_BATCH))


# --- drawing inputs ---------------------------------------------------------------------------------------


def _logits(rng: Generator, n: int, centre: float) -> np.ndarray:
    """Logits (n, 1) on both sides of the centre; their mean stays near it, so that no difference of means cancels."""
    spread = np.linspace(-2, 2, n) if n > 1 else np.zeros(1)
    return (centre + rng.permutation(spread) + 0.3 * rng.normal(size=n))[:, None]


def _pairs(rng: Generator) -> Iterator[Case]:
    yield case("ordinary logits", _logits(rng, REAL, 1.0), _logits(rng, FAKE, -1.0))
    yield case("a discriminator that is wrong", _logits(rng, REAL, -1.5), _logits(rng, FAKE, 2.0))


def _fakes(rng: Generator) -> Iterator[Case]:
    yield case("ordinary logits", _logits(rng, FAKE, -1.0))
    yield case("a discriminator that is fooled", _logits(rng, FAKE, 2.0))


def _hundreds(rng: Generator, n: int) -> np.ndarray:
    """Logits of both signs that overflow exp, its square, and neither, in any order."""
    z = np.resize([-180.3, 180.3, -95.7, 95.7, -40.3, 40.3, 0.3], n)
    return rng.permutation(z + rng.uniform(-3, 3, size=n))[:, None]


def _thousands(rng: Generator, n: int) -> np.ndarray:
    signs = np.where(np.arange(n) % 3 == 0, 1.0, -1.0)
    return rng.permutation(signs * rng.uniform(9000, 10000, size=n))[:, None]


def _sure(rng: Generator, n: int) -> np.ndarray:
    """Logits from 18 to 24: float32 cannot tell sigmoid(18) from 1, but exp(-18) is a number like any other."""
    return rng.uniform(18, 24, size=(n, 1))


def _mlp(rng: Generator, sizes: tuple[int, ...], gain: float = 1.0) -> Params:
    return [
        {"w": gain * rng.normal(size=(i, o)) * np.sqrt(2 / i), "b": 0.3 * rng.normal(size=o)}
        for i, o in zip(sizes[:-1], sizes[1:], strict=True)
    ]


def _start(rng: Generator, critic: tuple[int, ...], generator: tuple[int, ...]) -> dict[str, Any]:
    d, g = _mlp(rng, critic), _mlp(rng, generator)
    return {"d": d, "g": g, "d_opt": _adam_init(d), "g_opt": _adam_init(g)}


def _adam_init(params: Params) -> dict[str, Any]:
    def zeros() -> Params:
        return [{name: np.zeros(array.shape) for name, array in layer.items()} for layer in params]

    return {"m": zeros(), "v": zeros(), "t": np.int32(0)}


def _noise(rng: Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=(*shape, GENERATOR[0]))


def _penalised(rng: Generator, sizes: tuple[int, ...], n: int, gain: float = 1.0) -> tuple[Any, ...]:
    """A critic, as many real samples as fake ones but elsewhere, and the key of the points between them."""
    real, fake = 1 + rng.normal(size=(n, sizes[0])), 1.5 * rng.normal(size=(n, sizes[0])) - 1
    return _mlp(rng, sizes, gain), real, fake, key(rng)


def _d_game(rng: Generator) -> tuple[Any, ...]:
    return _mlp(rng, CRITIC), _mlp(rng, GENERATOR), 1.5 * rng.normal(size=(REAL, 2)), _noise(rng, FAKE)


def _g_game(rng: Generator) -> tuple[Any, ...]:
    return _mlp(rng, GENERATOR), _mlp(rng, CRITIC), _noise(rng, FAKE)
