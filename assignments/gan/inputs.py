"""How the inputs of the checks are drawn: logits, networks, and states of the game."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks import Generator, Sizes, key

Params = list[dict[str, np.ndarray]]

DATA, NOISE = 2, 4  # coordinates of a sample and of its noise where the ring is learned


# --- logits -----------------------------------------------------------------------------------------------


def more_real(size: Sizes) -> tuple[int, int]:
    """Sizes of a batch of real samples and of a smaller one of fakes: their means must be taken apart."""
    return size(12, 9, 30), size(7, 2, 8)


def more_fake(size: Sizes) -> tuple[int, int]:
    """Sizes of a batch of real samples and of a larger one of fakes."""
    return size(5, 2, 8), size(9, 10, 30)


def logits(rng: Generator, n: int, centre: float) -> np.ndarray:
    """Logits (n, 1) on both sides of the centre; their mean stays near it, so that no difference of means cancels."""
    spread = np.linspace(-2, 2, n) if n > 1 else np.zeros(1)
    return (centre + rng.permutation(spread) + 0.3 * rng.normal(size=n))[:, None]


def hundreds(rng: Generator, n: int) -> np.ndarray:
    """Logits of both signs that overflow exp, its square, and neither, in any order."""
    z = np.resize([-180.3, 180.3, -95.7, 95.7, -40.3, 40.3, 0.3], n)
    return rng.permutation(z + rng.uniform(-3, 3, size=n))[:, None]


def thousands(rng: Generator, n: int) -> np.ndarray:
    """Logits near ±10,000, at least one of them positive."""
    signs = np.where(np.arange(n) % 3 == 0, 1.0, -1.0)
    return rng.permutation(signs * rng.uniform(9000, 10000, size=n))[:, None]


def sure(rng: Generator, n: int) -> np.ndarray:
    """Logits from 18 to 24: float32 cannot tell sigmoid(18) from 1, but exp(-18) is a number like any other."""
    return rng.uniform(18, 24, size=(n, 1))


def surer(rng: Generator, n: int) -> np.ndarray:
    """Logits from 40 to 60: a constant that is added for safety is larger than the loss."""
    return rng.uniform(40, 60, size=(n, 1))


# --- networks ---------------------------------------------------------------------------------------------


def widths(size: Sizes, printed: tuple[int, ...]) -> tuple[int, ...]:
    """Widths of hidden layers: of two printed layers become three or four, none and one stay as many."""
    count = len(printed) if len(printed) < 2 else size.one(2, 3, 4)
    return printed if size.printed else tuple(size(8, 3, 12) for _ in range(count))


def mlp(rng: Generator, sizes: tuple[int, ...], gain: float = 1.0) -> Params:
    """Parameters of a network with layers between these sizes."""
    return [
        {"w": gain * rng.normal(size=(i, o)) * np.sqrt(2 / i), "b": 0.3 * rng.normal(size=o)}
        for i, o in zip(sizes[:-1], sizes[1:], strict=True)
    ]


def noise(rng: Generator, *shape: int, latent: int = NOISE) -> np.ndarray:
    """What a generator starts from, (..., latent)."""
    return rng.normal(size=(*shape, latent))


# --- the gradient penalty ---------------------------------------------------------------------------------


def penalised(rng: Generator, sizes: tuple[int, ...], n: int, gain: float = 1.0) -> tuple[Any, ...]:
    """A critic, as many real samples as fake ones but elsewhere, and the key of the points between them."""
    real, fake = 1 + rng.normal(size=(n, sizes[0])), 1.5 * rng.normal(size=(n, sizes[0])) - 1
    return mlp(rng, sizes, gain), real, fake, key(rng)


def one_slope(rng: Generator, coordinates: int) -> tuple[Any, ...]:
    """A linear critic, whose slope is its weights, and a single point; the slope is far from 1, where nothing is lost.

    A difference that nearly cancels would ask for more digits than float32 has.
    """
    _, *rest = penalised(rng, (coordinates, 1), 1)
    w = rng.normal(size=(coordinates, 1))
    return [{"w": rng.uniform(1.5, 3) * w / np.linalg.norm(w), "b": rng.normal(size=1)}], *rest


def flat(rng: Generator, sizes: tuple[int, ...], n: int) -> tuple[Any, ...]:
    """A critic that is flat everywhere, since its last layer's weights are zero."""
    d, *rest = penalised(rng, sizes, n)
    d[-1] = {"w": np.zeros(d[-1]["w"].shape), "b": rng.normal(size=1)}
    return d, *rest


def partly_flat(rng: Generator, sizes: tuple[int, ...], n: int) -> tuple[Any, ...]:
    """A critic that is exactly flat at the first half of the points, far out, where tanh is 1; not so at the others."""
    d, real, fake, drawn = penalised(rng, sizes, n)
    d[0]["w"] = 0.2 + 0.2 * np.abs(d[0]["w"])  # so that each unit is saturated far out
    far = np.where(np.arange(n) < n // 2, 100.0, 0.0)[:, None]
    return d, real + far, fake + far, drawn


# --- the game ---------------------------------------------------------------------------------------------


def start(rng: Generator, critic: tuple[int, ...], generator: tuple[int, ...]) -> dict[str, Any]:
    """The state of the game before the first round."""
    d, g = mlp(rng, critic), mlp(rng, generator)
    return {"d": d, "g": g, "d_opt": _adam_init(d), "g_opt": _adam_init(g)}


def later(rng: Generator, critic: tuple[int, ...], generator: tuple[int, ...]) -> dict[str, Any]:
    """A state in the middle of the game: Adam has moments, and the players have taken different numbers of steps."""
    d, g = mlp(rng, critic), mlp(rng, generator)
    rounds = int(rng.integers(300, 1000))
    ahead = int(rng.integers(2, 6))  # few steps of one player: its bias correction is not that of the other
    return {"d": d, "g": g, "d_opt": _moments(rng, d, rounds), "g_opt": _moments(rng, g, ahead)}


def _adam_init(params: Params) -> dict[str, Any]:
    def zeros() -> Params:
        return [{name: np.zeros(array.shape) for name, array in layer.items()} for layer in params]

    return {"m": zeros(), "v": zeros(), "t": np.int32(0)}


def _moments(rng: Generator, params: Params, t: int) -> dict[str, Any]:
    def drawn(low: float, high: float) -> Params:
        return [{name: rng.uniform(low, high, size=array.shape) for name, array in layer.items()} for layer in params]

    return {"m": drawn(-0.1, 0.1), "v": drawn(0.01, 0.1), "t": np.int32(t)}
