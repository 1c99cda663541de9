"""Sizes and numbers of the cases: what the checks share.  Large cases of training and timing are in ``checks.py``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.checks import Case, Generator, Sizes, case

Layers = list[dict[str, np.ndarray]]

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
}


# --- sizes ------------------------------------------------------------------------------------------------


def deep(size: Sizes) -> tuple[int, tuple[int, ...]]:
    """Rows and widths of a network with several hidden layers; a hidden one has more of them than the printed one."""
    rows, inputs, first, second, classes = size.apart((12, 5, 24), (5, 6, 12), (8, 3, 12), (7, 3, 12), (3, 4, 9))
    more = size.one((), (4,), (6,), (5, 3), (3, 7))  # so that code for three layers shows
    return rows, (inputs, first, second, *more, classes)


def wide(size: Sizes) -> tuple[int, tuple[int, ...]]:
    """Rows and widths of a wide network with one hidden layer."""
    rows, inputs, hidden, classes = size.apart((37, 38, 60), (64, 40, 80), (128, 90, 150), (10, 11, 20))
    return rows, (inputs, hidden, classes)


def single(size: Sizes) -> tuple[int, tuple[int, ...]]:
    """Rows and widths of a network with one layer; a hidden one has more outputs than inputs."""
    rows, inputs, classes = size.apart((12, 2, 20), (5, 2, 6), (3, 7, 12))
    return rows, (inputs, classes)


def square(size: Sizes) -> tuple[int, ...]:
    """Widths that are all equal: they hide a forgotten transpose from every shape check."""
    return (size(4, 3, 8),) * 4


def axes(size: Sizes) -> tuple[int, ...]:
    """Shape of the large numbers: one axis where it is printed, three in a hidden draw."""
    return size.one((30,), *((4, 2, 5), (3, 5, 2), (2, 3, 7), (5, 3, 4)))


# --- activations ------------------------------------------------------------------------------------------


def ordinary(rng: Generator, size: Sizes) -> Iterator[Case]:
    yield case("a matrix", 1.5 * rng.normal(size=size.apart((6, 2, 9), (5, 3, 12))))
    # not near a bound of tanh, where a single derivative would be small and its rounding errors large
    yield case("a single number", np.asarray(rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)))


def extreme(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw ordinary numbers with some huge ones among them, so that no constant can be the answer."""
    z = 1.5 * rng.normal(size=shape)
    huge = rng.uniform([9000, 900, 100, 90, 30], [9999, 999, 110, 99, 35], size=(2, 5))
    z.flat[:10] = np.concatenate([-huge[0], huge[1]])
    return z


# --- softmax and cross-entropy ----------------------------------------------------------------------------


def plain_logits(rng: Generator, size: Sizes) -> Iterator[Case]:
    yield case("more rows than classes", *logits(rng, *size.apart((12, 13, 30), (3, 4, 10))))
    yield case("more classes than rows", *logits(rng, *size.apart((5, 2, 7), (9, 10, 14))))
    yield case("a batch of one", *logits(rng, 1, size(4, 3, 9)))
    yield case("two classes", *logits(rng, size(8, 3, 20), 2))


def hard_logits(rng: Generator, size: Sizes) -> Iterator[Case]:
    n, c = size.apart((12, 8, 30), (3, 4, 7))
    yield case("logits of some hundreds", 300 * rng.normal(size=(n, c)), labels(rng, n, c))
    # One logit of each level in every row; the labels point at the levels in turn, so the loss is large and well
    # determined.
    order = rng.permuted(np.tile(np.arange(c), (n, 1)), axis=1)
    wanted = np.argmax(order == (np.arange(n) % c)[:, None], axis=1)
    levels = 9876.5 * (2 * order / (c - 1) - 1)
    yield case("logits near 10,000 and -10,000", levels + rng.normal(size=(n, c)), wanted)
    yield case("all logits near -500", -500 + rng.normal(size=(n, c)), labels(rng, n, c))
    own = rng.permutation(np.linspace(-200, 200, n))[:, None]
    yield case("each row on a level of its own", own + rng.normal(size=(n, c)), labels(rng, n, c))


def logits(rng: Generator, n: int, c: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(n, c)), labels(rng, n, c)


def labels(rng: Generator, n: int, c: int) -> np.ndarray:
    """Draw labels in which every class comes up about equally often."""
    return rng.permuted(np.concatenate([rng.permutation(c) for _ in range(-(-n // c))])[:n])


# --- layers and networks ----------------------------------------------------------------------------------


def dense(rng: Generator, n: int, i: int, o: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rng.normal(size=(n, o)), rng.normal(size=(n, i)), rng.normal(size=(i, o))


def positive(rng: Generator, n: int, i: int, o: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same with positive numbers, so that no gradient of a single number is close to 0 by cancellation."""
    return rng.uniform(0.5, 2, size=(n, o)), rng.uniform(0.5, 2, size=(n, i)), rng.uniform(0.5, 2, size=(i, o))


def params(rng: Generator, widths: tuple[int, ...], gain: float = 1.0) -> Layers:
    return [
        {"w": gain * rng.normal(size=(i, o)) / np.sqrt(i), "b": 0.5 * gain * rng.normal(size=o)}
        for i, o in zip(widths[:-1], widths[1:], strict=True)
    ]


def network(rng: Generator, n: int, widths: tuple[int, ...], gain: float = 1.0) -> tuple[Layers, np.ndarray]:
    """Parameters, and a batch of ``n`` rows."""
    return params(rng, widths, gain), gain * rng.normal(size=(n, widths[0]))


def backward(
    rng: Generator, n: int, widths: tuple[int, ...], act: str, gain: float = 1.0
) -> tuple[Layers, Layers, np.ndarray]:
    """Parameters, the cache that a right forward pass leaves, and a gradient for the logits."""
    layers, x = network(rng, n, widths, gain)
    return layers, cache(layers, x, act), rng.normal(size=(n, widths[-1]))


def cache(layers: Layers, x: np.ndarray, act: str) -> Layers:
    """Run a network forward and keep the input and the pre-activation of each layer."""
    kept = []
    for layer in layers:
        z = x @ layer["w"] + layer["b"]
        kept.append({"x": x, "z": z})
        x = ACTIVATIONS[act](z)
    return kept
