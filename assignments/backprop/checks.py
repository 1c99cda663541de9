"""What is checked in the assignment, in plain sight.

Each check runs on a public draw, with the sizes that are printed here and in ``inputs.py``, and on hidden draws, whose
sizes lie in the ranges of the handout.  ``size(12, 2, 20)`` reads: 12 in the public draw, else 2 to 20.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from autograder.checks import (
    Bound,
    Case,
    Generator,
    Sizes,
    Task,
    bound,
    case,
    cost,
    gradients,
    key,
    property_,
    task,
    throughput,
    training,
    trajectory,
    values,
)

from . import inputs
from .inputs import ACTIVATIONS
from .ladders import *  # noqa: F403  (declared there, found here)
from .options import *  # noqa: F403

STEPS = 15
LARGE = (32, 128, 128, 10)  # large enough that the arithmetic takes the time, not the start of a program
LARGE_BATCH = 4096
SPIRAL_STEPS, SPIRAL_BATCH, SPIRAL_POINTS, SPIRAL_HELD_OUT = 200, 100, 600, 900
GAINS = {"relu": 3.0, "tanh": 10.0, "sigmoid": 10.0}  # 10 brings pre-activations beyond 89, where exp overflows


# --- activations ------------------------------------------------------------------------------------------


@values("relu")
def relu_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """relu of ordinary and of very large numbers"""
    yield from inputs.ordinary(rng, size)
    yield case("numbers up to 10,000", inputs.extreme(rng, inputs.axes(size)))


def _slope_of_relu(output: Any, z: np.ndarray) -> Iterator[Bound]:
    off = {sign: np.abs(output - slope) for sign, slope in (("positive", 1.0), ("negative", 0.0))}
    yield bound("largest distance from 1 where z is positive", off["positive"].max(where=z > 0, initial=0), 0, 0)
    yield bound("largest distance from 0 where z is negative", off["negative"].max(where=z < 0, initial=0), 0, 0)
    if (z == 0).any():
        yield bound("smallest slope where z is exactly 0", output[z == 0].min(), 0, 1)
        yield bound("largest slope where z is exactly 0", output[z == 0].max(), 0, 1)


@property_("relu_grad", judge=_slope_of_relu)
def relu_grad_slopes(rng: Generator, size: Sizes) -> Iterator[Case]:
    """relu_grad is 1 above zero, 0 below, and something in between at zero"""
    yield from inputs.ordinary(rng, size)
    z = inputs.extreme(rng, inputs.axes(size))
    z.flat[-2:] = 0.0
    yield case("numbers up to 10,000 and two zeros", z)


@values("tanh")
def tanh_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """tanh of ordinary numbers"""
    yield from inputs.ordinary(rng, size)


@values("tanh", needs=("tanh_values",))
def tanh_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """tanh of very large numbers stays finite"""
    yield case("numbers up to 10,000", inputs.extreme(rng, inputs.axes(size)))


@values("tanh_grad")
def tanh_grad_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """tanh_grad is the derivative at the pre-activation z"""
    yield from inputs.ordinary(rng, size)


@values("tanh_grad", needs=("tanh_grad_values",))
def tanh_grad_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """tanh_grad of very large numbers stays finite"""
    yield case("numbers up to 10,000", inputs.extreme(rng, inputs.axes(size)))


@values("sigmoid")
def sigmoid_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """sigmoid of ordinary numbers"""
    yield from inputs.ordinary(rng, size)


@values("sigmoid", needs=("sigmoid_values",))
def sigmoid_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """sigmoid of very large numbers, of either sign, stays finite"""
    yield case("numbers up to 10,000", inputs.extreme(rng, inputs.axes(size)))


@values("sigmoid_grad")
def sigmoid_grad_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """sigmoid_grad is the derivative at the pre-activation z"""
    yield from inputs.ordinary(rng, size)


@values("sigmoid_grad", needs=("sigmoid_grad_values",))
def sigmoid_grad_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """sigmoid_grad of very large numbers, of either sign, stays finite"""
    yield case("numbers up to 10,000", inputs.extreme(rng, inputs.axes(size)))


# --- softmax and cross-entropy ----------------------------------------------------------------------------


@values("softmax_xent")
def softmax_xent_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """softmax_xent is the mean cross-entropy of the batch"""
    yield from inputs.plain_logits(rng, size)


@values("softmax_xent", needs=("softmax_xent_values",))
def softmax_xent_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """softmax_xent of large logits neither overflows nor loses digits"""
    yield from inputs.hard_logits(rng, size)


@gradients("softmax_xent", needs=("softmax_xent_values",))
def softmax_xent_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """softmax_xent lets JAX differentiate it"""
    yield case("ordinary logits", *inputs.logits(rng, *size.apart((12, 5, 30), (3, 4, 10))))


@values("softmax_xent_grad")
def softmax_xent_grad_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """softmax_xent_grad is the derivative of the mean loss"""
    yield from inputs.plain_logits(rng, size)


@values("softmax_xent_grad", needs=("softmax_xent_grad_values",))
def softmax_xent_grad_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """softmax_xent_grad of large logits stays finite"""
    yield from inputs.hard_logits(rng, size)


# --- one dense layer --------------------------------------------------------------------------------------


@values("dense_backward")
def dense_backward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """dense_backward returns the gradients for x, w and b, in this order"""
    yield case(
        "unequal numbers of inputs and outputs", *inputs.dense(rng, *size.apart((12, 2, 30), (5, 9, 14), (8, 3, 7)))
    )


@values("dense_backward")
def dense_backward_square(rng: Generator, size: Sizes) -> Iterator[Case]:
    """dense_backward where batch, inputs and outputs are equally many"""
    n = size(4, 3, 9)
    yield case("as many rows as inputs and outputs", *inputs.dense(rng, n, n, n))


@values("dense_backward")
def dense_backward_narrow(rng: Generator, size: Sizes) -> Iterator[Case]:
    """dense_backward of a batch of one, of a single input and of a single output"""
    yield case("one row, one output", *inputs.positive(rng, 1, size(3, 2, 9), 1))
    yield case("one row, one input", *inputs.positive(rng, 1, 1, size(4, 2, 9)))
    yield case("one input, one output", *inputs.positive(rng, size(5, 2, 9), 1, 1))


# --- the network ------------------------------------------------------------------------------------------


def _spread(params: Any, key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    # Bounds of six standard errors: an honest draw misses one of them less than once in 10^8 times.
    for i, layer in enumerate(params):
        scaled = layer["w"].astype(np.float64) / np.sqrt(2.0 / sizes[i])
        mean, sd = 6 / np.sqrt(scaled.size), 6 / np.sqrt(2 * scaled.size)
        yield bound(f"layer {i}: mean of w, in units of sqrt(2/i)", scaled.mean(), -mean, mean)
        yield bound(f"layer {i}: standard deviation of w, in units of sqrt(2/i)", scaled.std(), 1 - sd, 1 + sd)
        # 0.383 for a normal, 0.356 for a normal cut at two standard deviations, 0.289 for a uniform distribution
        share = np.mean(np.abs(scaled) < 0.5)
        yield bound(f"layer {i}: share of w within half a standard deviation of 0", share, 0.325, 0.415)


@property_("mlp_init", judge=_spread)
def mlp_init_weights(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_init draws normal weights with standard deviation sqrt(2 / inputs)"""
    # every layer has 10,000 weights at least, so that the share of small ones is well determined
    inside = size.one((200,), (240, 60), (220, 70), (260, 50))
    yield case("several layers", key(rng), sizes=(size(50, 51, 80), *inside, size(60, 200, 240)))
    yield case("one layer", key(rng), sizes=(size(100, 90, 120), size(120, 121, 150)))


def _all_zero(params: Any, key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    for i, layer in enumerate(params):
        yield bound(f"layer {i}: largest bias", np.abs(layer["b"]).max(), 0, 0)


@property_("mlp_init", judge=_all_zero)
def mlp_init_biases(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_init starts every bias at zero"""
    yield case("several layers", key(rng), sizes=size.one((50, 200, 60), inputs.deep(size)[1]))


def _independent(output: Any, key: Any, other_key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    first, again, other = ([layer["w"].astype(np.float64) for layer in output[k]] for k in ("first", "again", "other"))
    limit = 6 / np.sqrt(first[0].size)
    apart = max(np.abs(a - b).max() for a, b in zip(first, again, strict=True))
    yield bound("same key: largest difference", apart, 0, 0)
    for i, (a, b) in enumerate(zip(first, other, strict=True)):
        yield bound(f"two keys: correlation of layer {i}", _correlation(a, b), -limit, limit)
    for (i, a), (j, b) in combinations(enumerate(first), 2):
        yield bound(f"one key: correlation of layers {i} and {j}", _correlation(a, b), -limit, limit)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / size) if size > 0 else float("nan")


@property_("given.init_twice", judge=_independent, needs=("mlp_init_weights",))
def mlp_init_keys(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_init depends on its key, and gives every layer numbers of its own"""
    yield case("layers of one shape", key(rng), key(rng), sizes=(size(30, 25, 40),) * size(4, 5, 6))


@values("mlp_forward")
def mlp_forward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_forward returns the logits and the cache"""
    n, widths = inputs.deep(size)
    for act in ACTIVATIONS:
        yield case(f"several hidden layers, {act}", *inputs.network(rng, n, widths), act=act)


@values("mlp_forward")
def mlp_forward_shapes(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_forward of a single layer, and of a batch of one"""
    act = size.one("tanh", "relu", "sigmoid")
    yield case("one layer, no activation", *inputs.network(rng, *inputs.single(size)), act=act)
    yield case("square layers, batch of one", *inputs.network(rng, 1, inputs.square(size)), act="tanh")


@values("mlp_forward")
def mlp_forward_wide(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_forward of a wide network with large numbers"""
    n, widths = inputs.wide(size)
    for act, gain in GAINS.items():
        yield case(f"one wide hidden layer, {act}", *inputs.network(rng, n, widths, gain), act=act)


@gradients("given.logits", wrt=(0, 1), needs=("mlp_forward_values",))
def mlp_forward_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_forward lets JAX differentiate its logits"""
    n, widths = inputs.deep(size)
    for act in ACTIVATIONS:
        yield case(f"several hidden layers, {act}", *inputs.network(rng, n, widths), act=act)


@values("mlp_backward")
def mlp_backward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_backward returns the gradient of every weight and bias"""
    n, widths = inputs.deep(size)
    for act in ACTIVATIONS:
        yield case(f"several hidden layers, {act}", *inputs.backward(rng, n, widths, act), act=act)


@values("mlp_backward")
def mlp_backward_shapes(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_backward of a single layer, and of a batch of one through square layers"""
    act = size.one("tanh", "relu", "sigmoid")
    yield case("one layer, no activation", *inputs.backward(rng, *inputs.single(size), act), act=act)
    yield case("square layers, batch of one", *inputs.backward(rng, 1, inputs.square(size), "tanh"), act="tanh")


@values("mlp_backward")
def mlp_backward_wide(rng: Generator, size: Sizes) -> Iterator[Case]:
    """mlp_backward of a wide network with large numbers"""
    n, widths = inputs.wide(size)
    for act, gain in GAINS.items():
        yield case(f"one wide hidden layer, {act}", *inputs.backward(rng, n, widths, act, gain), act=act)


@values("sgd_step")
def sgd_step_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """sgd_step moves every weight and bias against its gradient"""
    widths = inputs.deep(size)[1]
    small, large = rng.uniform(0.05, 0.2, size=2), rng.uniform(1.0, 2.0)
    yield case("a small learning rate", *_update(rng, widths), np.float32(small[0]))
    yield case("a large learning rate", *_update(rng, widths), np.float32(large))
    yield case("large gradients", *_update(rng, widths, 100.0), np.float32(small[1]))
    yield case("one layer", *_update(rng, inputs.single(size)[1]), np.float32(small[1]))


def _update(rng: Generator, widths: tuple[int, ...], gain: float = 1.0) -> tuple[inputs.Layers, inputs.Layers]:
    return inputs.params(rng, widths), inputs.params(rng, widths, gain)


# --- all together -----------------------------------------------------------------------------------------

GRADIENT = ("softmax_xent_values", "softmax_xent_grad_values", "mlp_forward_values", "mlp_backward_values")


@trajectory("given.train_step", steps=STEPS, needs=(*GRADIENT, "sgd_step_values"))
def train_trajectory(rng: Generator, size: Sizes) -> Iterator[Case]:
    """your functions together follow fifteen steps of gradient descent"""
    n, widths = inputs.deep(size)
    x = rng.normal(size=(STEPS, n, widths[0]))
    labels = rng.integers(0, widths[-1], size=(STEPS, n))
    lr = np.linspace(0.5, 0.1, STEPS)
    act = size.one("tanh", "sigmoid")
    yield case("several hidden layers", inputs.params(rng, widths), x, labels, lr, act=act)


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return {"held-out accuracy": float(np.mean(np.argmax(logits, axis=1) == labels))}


# Nothing of mlp_init is needed here: whether its weights are good enough to learn from is what the run shows.  The data
# depend on no student's function, and the first steps are compared with the reference's, so there are no parts.
@training(
    init="given.spiral_init",
    step="given.spiral_step",
    predict="given.spiral_predict",
    measure=_accuracy,
    needs=(*GRADIENT, "sgd_step_values"),
)
def train_spirals(rng: Generator) -> Iterator[Task]:
    """your network learns to tell three spiral arms apart"""
    x, labels = _spirals(rng, SPIRAL_POINTS)
    held_out, target = _spirals(rng, SPIRAL_HELD_OUT)
    epochs = -(-SPIRAL_STEPS * SPIRAL_BATCH // SPIRAL_POINTS)
    order = np.concatenate([rng.permutation(SPIRAL_POINTS) for _ in range(epochs)])
    rows = order[: SPIRAL_STEPS * SPIRAL_BATCH].reshape(SPIRAL_STEPS, SPIRAL_BATCH)
    yield task("three arms", key(rng), batches=(x[rows], labels[rows]), held_out=(held_out,), target=target)


def _large(rng: Generator) -> Iterator[Case]:
    # relu, so that nearly all of the work is in the matrix products, which every right solution needs
    x, labels = rng.normal(size=(LARGE_BATCH, LARGE[0])), rng.integers(0, LARGE[-1], size=LARGE_BATCH)
    yield case("a larger network, relu", inputs.params(rng, LARGE), x, labels, act="relu")


@throughput("given.loss_and_grads", needs=GRADIENT)
def step_speed(rng: Generator) -> Iterator[Case]:
    """loss and gradients of a larger network take no longer than the reference's"""
    yield from _large(rng)


@cost("given.loss_and_grads", needs=GRADIENT)
def step_cost(rng: Generator) -> Iterator[Case]:
    """loss and gradients need no more operations and memory than the reference's"""
    yield from _large(rng)


def _spirals(rng: Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on three noisy spiral arms, equally many on each: (count, 2), and their arms: (count,)."""
    arm = rng.permutation(np.arange(count) % 3)
    radius = np.sqrt(rng.uniform(0.01, 1.0, size=count))
    angle = 2 * np.pi * arm / 3 + 4.2 * radius + 0.2 * rng.normal(size=count)
    return 2 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), arm
