"""Kinds of cases that several checks share, at the printed sizes or at hidden ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import Case, Generator, Sizes, case

from .inputs import DATA, NOISE, hundreds, logits, mlp, more_fake, more_real, noise, thousands, widths

STEPS = 8  # rounds of a trajectory


def pairs(rng: Generator, size: Sizes, large: bool = False) -> Iterator[Case]:
    """Outputs for both batches, which are of different sizes in both directions."""
    real, fake = more_real(size)
    yield case("more real samples than fake", logits(rng, real, 1.0), logits(rng, fake, -1.0))
    yield case("a discriminator that is wrong", logits(rng, real, -1.5), logits(rng, fake, 2.0))
    if large:
        yield case("outputs of up to ±180", hundreds(rng, real), hundreds(rng, fake))
    real, fake = more_fake(size)
    yield case("more fake samples than real", logits(rng, real, 1.0), logits(rng, fake, -1.0))
    yield case("one real and one fake sample", logits(rng, 1, 0.5), logits(rng, 1, -0.5))


def fakes(rng: Generator, size: Sizes, large: bool = False) -> Iterator[Case]:
    fake = size(7, 4, 24)
    yield case("ordinary logits", logits(rng, fake, -1.0))
    yield case("a discriminator that is fooled", logits(rng, fake, 2.0))
    if large:
        yield case("outputs of up to ±180", hundreds(rng, fake))
    yield case("one fake sample", logits(rng, 1, -0.5))


def slopes(rng: Generator, size: Sizes) -> Iterator[Case]:
    fake = size(7, 4, 24)
    yield case("ordinary logits", logits(rng, fake, -1.0))
    yield case("logits of up to ±180", hundreds(rng, fake))
    yield case("logits near ±10,000", thousands(rng, fake))


def some_smoothing(rng: Generator) -> np.float32:
    return np.float32(rng.uniform(0.05, 0.45))


def smoothing(rng: Generator) -> Iterator[tuple[str, np.float32]]:
    yield "smooth = 0", np.float32(0.0)
    yield "smooth between 0 and 0.5", some_smoothing(rng)
    yield "smooth = 0.5", np.float32(0.5)


def deep(size: Sizes) -> tuple[tuple[int, ...], int]:
    """Sizes of a critic, and the number of samples in a batch."""
    return (size(2, 4, 6), *widths(size, (8, 8)), 1), size(12, 13, 24)


def line(size: Sizes) -> tuple[tuple[int, ...], int]:
    """The same for samples of one coordinate."""
    return (1, *widths(size, (8,)), 1), size(5, 4, 9)


def layers(size: Sizes, critic: tuple[int, ...], generator: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Sizes of both networks, of which the widths of the hidden layers are given as printed."""
    data, latent = size.apart((DATA, 1, 5), (NOISE, 1, 8))
    return (data, *widths(size, critic), 1), (latent, *widths(size, generator), data)


def d_game(
    rng: Generator, size: Sizes, critic: tuple[int, ...], generator: tuple[int, ...], real: int, fake: int
) -> tuple[Any, ...]:
    """Both players, real samples and noise: the arguments of d_objective."""
    d, g = layers(size, critic, generator)
    return mlp(rng, d), mlp(rng, g), 1.5 * rng.normal(size=(real, d[0])), noise(rng, fake, latent=g[0])


def g_game(
    rng: Generator, size: Sizes, critic: tuple[int, ...], generator: tuple[int, ...], fake: int
) -> tuple[Any, ...]:
    """Both players and noise: the arguments of g_objective."""
    d, g, _, z = d_game(rng, size, critic, generator, 1, fake)
    return g, d, z


def falling(size: Sizes) -> tuple[int, int, int]:
    """Numbers of real samples, of noise for the discriminator, and of noise for the generator, each less."""
    return size(12, 13, 20), size(10, 8, 11), size(7, 2, 6)


def rising(size: Sizes) -> tuple[int, int, int]:
    """The same, each more: whoever cuts noise to the length of something else is found out."""
    return size(4, 2, 5), size(6, 7, 10), size(9, 11, 16)


def rounds(rng: Generator, state: dict[str, Any], real: int, z_d: int, z_g: int) -> tuple[Any, ...]:
    """The arguments of all rounds of a game with batches of these sizes."""
    data, latent = len(state["d"][0]["w"]), len(state["g"][0]["w"])
    samples = 1.5 * rng.normal(size=(STEPS, real, data))
    return state, samples, noise(rng, STEPS, z_d, latent=latent), noise(rng, STEPS, z_g, latent=latent)
