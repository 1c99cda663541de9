"""What is checked in the assignment, in plain sight.  Inputs are drawn anew for every grading run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import (
    Bound,
    Case,
    Generator,
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

BATCH = 12
SIZES = (5, 8, 8, 3)
SQUARE = (4, 4, 4, 4)  # square layers hide a forgotten transpose from every shape check
WIDE = (64, 128, 10)
STEPS = 15
LARGE = (32, 128, 128, 10)  # large enough that the arithmetic takes the time, not the start of a program
LARGE_BATCH = 4096
SPIRAL_STEPS, SPIRAL_BATCH, SPIRAL_POINTS, SPIRAL_HELD_OUT = 200, 100, 600, 900

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
}


# --- activations ------------------------------------------------------------------------------------------


@values("relu")
def relu_values(rng: Generator) -> Iterator[Case]:
    """relu of ordinary and of very large numbers"""
    yield case("numbers around zero", _ordinary(rng))
    yield case("numbers up to 10,000", _extreme(rng))


def _slope_of_relu(output: Any, z: np.ndarray) -> Iterator[Bound]:
    yield bound("largest distance from 1 where z is positive", np.abs(output[z > 0] - 1.0).max(), 0, 0)
    yield bound("largest distance from 0 where z is negative", np.abs(output[z < 0] - 0.0).max(), 0, 0)
    yield bound("smallest slope where z is exactly 0", output[z == 0].min(), 0, 1)
    yield bound("largest slope where z is exactly 0", output[z == 0].max(), 0, 1)


@property_("relu_grad", judge=_slope_of_relu)
def relu_grad_slopes(rng: Generator) -> Iterator[Case]:
    """relu_grad is 1 above zero, 0 below, and something in between at zero"""
    z = _extreme(rng)
    z[2, 1] = z[5, 3] = 0.0
    yield case("numbers up to 10,000 and two zeros", z)


@values("tanh")
def tanh_values(rng: Generator) -> Iterator[Case]:
    """tanh of ordinary numbers"""
    yield case("numbers around zero", _ordinary(rng))


@values("tanh", needs=("tanh_values",))
def tanh_large(rng: Generator) -> Iterator[Case]:
    """tanh of very large numbers stays finite"""
    yield case("numbers up to 10,000", _extreme(rng))


@values("tanh_grad")
def tanh_grad_values(rng: Generator) -> Iterator[Case]:
    """tanh_grad is the derivative at the pre-activation z"""
    yield case("numbers around zero", _ordinary(rng))


@values("tanh_grad", needs=("tanh_grad_values",))
def tanh_grad_large(rng: Generator) -> Iterator[Case]:
    """tanh_grad of very large numbers stays finite"""
    yield case("numbers up to 10,000", _extreme(rng))


@values("sigmoid")
def sigmoid_values(rng: Generator) -> Iterator[Case]:
    """sigmoid of ordinary numbers"""
    yield case("numbers around zero", _ordinary(rng))


@values("sigmoid", needs=("sigmoid_values",))
def sigmoid_large(rng: Generator) -> Iterator[Case]:
    """sigmoid of very large numbers, of either sign, stays finite"""
    yield case("numbers up to 10,000", _extreme(rng))


@values("sigmoid_grad")
def sigmoid_grad_values(rng: Generator) -> Iterator[Case]:
    """sigmoid_grad is the derivative at the pre-activation z"""
    yield case("numbers around zero", _ordinary(rng))


@values("sigmoid_grad", needs=("sigmoid_grad_values",))
def sigmoid_grad_large(rng: Generator) -> Iterator[Case]:
    """sigmoid_grad of very large numbers, of either sign, stays finite"""
    yield case("numbers up to 10,000", _extreme(rng))


# --- softmax and cross-entropy ----------------------------------------------------------------------------


@values("softmax_xent")
def softmax_xent_values(rng: Generator) -> Iterator[Case]:
    """softmax_xent is the mean cross-entropy of the batch"""
    yield case("ordinary logits", rng.normal(size=(BATCH, 3)), _labels(rng))
    yield case("a batch of one", rng.normal(size=(1, 4)), rng.integers(0, 4, size=1))


@values("softmax_xent", needs=("softmax_xent_values",))
def softmax_xent_large(rng: Generator) -> Iterator[Case]:
    """softmax_xent of large logits neither overflows nor loses digits"""
    yield from _hard_logits(rng)


@gradients("softmax_xent", needs=("softmax_xent_values",))
def softmax_xent_gradient(rng: Generator) -> Iterator[Case]:
    """softmax_xent lets JAX differentiate it"""
    yield case("ordinary logits", rng.normal(size=(BATCH, 3)), _labels(rng))


@values("softmax_xent_grad")
def softmax_xent_grad_values(rng: Generator) -> Iterator[Case]:
    """softmax_xent_grad is the derivative of the mean loss"""
    yield case("ordinary logits", rng.normal(size=(BATCH, 3)), _labels(rng))
    yield case("a batch of one", rng.normal(size=(1, 4)), rng.integers(0, 4, size=1))


@values("softmax_xent_grad", needs=("softmax_xent_grad_values",))
def softmax_xent_grad_large(rng: Generator) -> Iterator[Case]:
    """softmax_xent_grad of large logits stays finite"""
    yield from _hard_logits(rng)


# --- one dense layer --------------------------------------------------------------------------------------


@values("dense_backward")
def dense_backward_values(rng: Generator) -> Iterator[Case]:
    """dense_backward returns the gradients for x, w and b, in this order"""
    yield case("5 inputs, 8 outputs", *_dense(rng, BATCH, 5, 8))


@values("dense_backward")
def dense_backward_square(rng: Generator) -> Iterator[Case]:
    """dense_backward where batch, inputs and outputs are equally many"""
    yield case("4 rows, 4 inputs, 4 outputs", *_dense(rng, 4, 4, 4))


@values("dense_backward")
def dense_backward_narrow(rng: Generator) -> Iterator[Case]:
    """dense_backward of a batch of one with a single output"""
    yield case("1 row, 3 inputs, 1 output", *_dense(rng, 1, 3, 1))


# --- the network ------------------------------------------------------------------------------------------


def _spread(params: Any, key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    # Bounds of six standard errors: an honest draw misses one of them less than once in 10^8 times.
    for i, layer in enumerate(params):
        scaled = layer["w"].astype(np.float64) / np.sqrt(2.0 / sizes[i])
        mean, sd = 6 / np.sqrt(scaled.size), 6 / np.sqrt(2 * scaled.size)
        yield bound(f"layer {i}: mean of w, in units of sqrt(2/i)", scaled.mean(), -mean, mean)
        yield bound(f"layer {i}: standard deviation of w, in units of sqrt(2/i)", scaled.std(), 1 - sd, 1 + sd)
    # 0.383 for a normal, 0.356 for a normal cut at two standard deviations, 0.289 for a uniform distribution
    first = params[0]["w"].astype(np.float64)
    share = np.mean(np.abs(first) < 0.5 * np.sqrt(2.0 / sizes[0]))
    yield bound("layer 0: share of w within half a standard deviation of 0", share, 0.325, 0.415)


@property_("mlp_init", judge=_spread)
def mlp_init_weights(rng: Generator) -> Iterator[Case]:
    """mlp_init draws normal weights with standard deviation sqrt(2 / inputs)"""
    yield case("50 -> 200 -> 20", key(rng), sizes=(50, 200, 20))


def _all_zero(params: Any, key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    for i, layer in enumerate(params):
        yield bound(f"layer {i}: largest bias", np.abs(layer["b"]).max(), 0, 0)


@property_("mlp_init", judge=_all_zero)
def mlp_init_biases(rng: Generator) -> Iterator[Case]:
    """mlp_init starts every bias at zero"""
    yield case("50 -> 200 -> 20", key(rng), sizes=(50, 200, 20))


def _independent(output: Any, key: Any, other_key: Any, *, sizes: tuple[int, ...]) -> Iterator[Bound]:
    first, again, other = ([layer["w"].astype(np.float64) for layer in output[k]] for k in ("first", "again", "other"))
    limit = 6 / np.sqrt(first[0].size)
    apart = max(np.abs(a - b).max() for a, b in zip(first, again, strict=True))
    yield bound("same key: largest difference", apart, 0, 0)
    for i, (a, b) in enumerate(zip(first, other, strict=True)):
        yield bound(f"two keys: correlation of layer {i}", _correlation(a, b), -limit, limit)
    for i in range(1, len(first)):
        yield bound(f"one key: correlation of layers 0 and {i}", _correlation(first[0], first[i]), -limit, limit)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / size) if size > 0 else float("nan")


@property_("given.init_twice", judge=_independent, needs=("mlp_init_weights",))
def mlp_init_keys(rng: Generator) -> Iterator[Case]:
    """mlp_init depends on its key, and gives every layer numbers of its own"""
    yield case("30 -> 30 -> 30 -> 30", key(rng), key(rng), sizes=(30, 30, 30, 30))


@values("mlp_forward")
def mlp_forward_values(rng: Generator) -> Iterator[Case]:
    """mlp_forward returns the logits and the cache"""
    for act in ACTIVATIONS:
        yield case(f"5 -> 8 -> 8 -> 3, {act}", _params(rng, SIZES), rng.normal(size=(BATCH, 5)), act=act)


@values("mlp_forward")
def mlp_forward_shapes(rng: Generator) -> Iterator[Case]:
    """mlp_forward of a single layer, and of a batch of one"""
    yield case("one layer, no activation", _params(rng, (5, 3)), rng.normal(size=(BATCH, 5)), act="tanh")
    yield case("square layers, batch of one", _params(rng, SQUARE), rng.normal(size=(1, 4)), act="tanh")


@values("mlp_forward")
def mlp_forward_wide(rng: Generator) -> Iterator[Case]:
    """mlp_forward of a wide network with large numbers"""
    yield case("64 -> 128 -> 10", _params(rng, WIDE, 3.0), 3 * rng.normal(size=(37, 64)), act="relu")


@gradients("given.logits", wrt=(0, 1), needs=("mlp_forward_values",))
def mlp_forward_gradient(rng: Generator) -> Iterator[Case]:
    """mlp_forward lets JAX differentiate its logits"""
    yield case("5 -> 8 -> 8 -> 3, tanh", _params(rng, SIZES), rng.normal(size=(BATCH, 5)), act="tanh")


@values("mlp_backward")
def mlp_backward_values(rng: Generator) -> Iterator[Case]:
    """mlp_backward returns the gradient of every weight and bias"""
    for act in ACTIVATIONS:
        yield case(f"5 -> 8 -> 8 -> 3, {act}", *_backward(rng, SIZES, BATCH, act), act=act)


@values("mlp_backward")
def mlp_backward_shapes(rng: Generator) -> Iterator[Case]:
    """mlp_backward of a single layer, and of a batch of one through square layers"""
    yield case("one layer, no activation", *_backward(rng, (5, 3), BATCH, "tanh"), act="tanh")
    yield case("square layers, batch of one", *_backward(rng, SQUARE, 1, "tanh"), act="tanh")


@values("mlp_backward")
def mlp_backward_wide(rng: Generator) -> Iterator[Case]:
    """mlp_backward of a wide network with large numbers"""
    yield case("64 -> 128 -> 10", *_backward(rng, WIDE, 37, "relu", 3.0), act="relu")


@values("sgd_step")
def sgd_step_values(rng: Generator) -> Iterator[Case]:
    """sgd_step moves every weight and bias against its gradient"""
    for label, lr in (("a small learning rate", rng.uniform(0.05, 0.2)), ("a large one", rng.uniform(1.0, 2.0))):
        yield case(label, _params(rng, SIZES), _params(rng, SIZES), np.float32(lr))


# --- all together -----------------------------------------------------------------------------------------

GRADIENT = ("softmax_xent_values", "softmax_xent_grad_values", "mlp_forward_values", "mlp_backward_values")


@trajectory("given.train_step", steps=STEPS, needs=(*GRADIENT, "sgd_step_values"))
def train_trajectory(rng: Generator) -> Iterator[Case]:
    """your functions together follow fifteen steps of gradient descent"""
    x = rng.normal(size=(STEPS, BATCH, 5))
    labels = rng.integers(0, 3, size=(STEPS, BATCH))
    lr = np.linspace(0.5, 0.1, STEPS)
    yield case("5 -> 8 -> 8 -> 3, tanh", _params(rng, SIZES), x, labels, lr, act="tanh")


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return {"held-out accuracy": float(np.mean(np.argmax(logits, axis=1) == labels))}


# Nothing of mlp_init is needed here: whether its weights are good enough to learn from is what the run shows.
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
    yield case("32 -> 128 -> 128 -> 10, 4096 rows, relu", _params(rng, LARGE), x, labels, act="relu")


@throughput("given.loss_and_grads", needs=GRADIENT)
def step_speed(rng: Generator) -> Iterator[Case]:
    """loss and gradients of a larger network take no longer than the reference's"""
    yield from _large(rng)


@cost("given.loss_and_grads", needs=GRADIENT)
def step_cost(rng: Generator) -> Iterator[Case]:
    """loss and gradients need no more operations and memory than the reference's"""
    yield from _large(rng)


# --- drawing inputs ---------------------------------------------------------------------------------------


def _ordinary(rng: Generator) -> np.ndarray:
    return 1.5 * rng.normal(size=(6, 5))


def _extreme(rng: Generator) -> np.ndarray:
    """Ordinary numbers with some huge ones among them, so that no constant can be the answer."""
    z = _ordinary(rng)
    z[0] = [-9876.5, -987.7, -100.3, -90.1, -30.7]  # none of them exact in half precision
    z[1] = [9876.5, 987.7, 100.3, 90.1, 30.7]
    return z


def _labels(rng: Generator) -> np.ndarray:
    return rng.permutation(np.arange(BATCH) % 3)


def _hard_logits(rng: Generator) -> Iterator[Case]:
    yield case("logits of some hundreds", 300 * rng.normal(size=(BATCH, 3)), _labels(rng))
    # One logit of each size in every row; the labels point at the smallest, the middle and the largest in turn,
    # so the loss is large and well determined.
    order = rng.permuted(np.tile(np.arange(3), (BATCH, 1)), axis=1)
    wanted = np.argmax(order == (np.arange(BATCH) % 3)[:, None], axis=1)
    yield case("logits near 10,000 and -10,000", 9876.5 * (order - 1.0) + rng.normal(size=(BATCH, 3)), wanted)
    yield case("all logits near -500", -500 + rng.normal(size=(BATCH, 3)), _labels(rng))
    levels = rng.permutation(np.linspace(-200, 200, BATCH))[:, None]
    yield case("each row on a level of its own", levels + rng.normal(size=(BATCH, 3)), _labels(rng))


def _spirals(rng: Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on three noisy spiral arms, equally many on each: (count, 2), and their arms: (count,)."""
    arm = rng.permutation(np.arange(count) % 3)
    radius = np.sqrt(rng.uniform(0.01, 1.0, size=count))
    angle = 2 * np.pi * arm / 3 + 4.2 * radius + 0.2 * rng.normal(size=count)
    return 2 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), arm


def _dense(rng: Generator, n: int, i: int, o: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rng.normal(size=(n, o)), rng.normal(size=(n, i)), rng.normal(size=(i, o))


def _params(rng: Generator, sizes: tuple[int, ...], gain: float = 1.0) -> list[dict[str, np.ndarray]]:
    return [
        {"w": gain * rng.normal(size=(i, o)) / np.sqrt(i), "b": 0.5 * gain * rng.normal(size=o)}
        for i, o in zip(sizes[:-1], sizes[1:], strict=True)
    ]


def _backward(
    rng: Generator, sizes: tuple[int, ...], n: int, act: str, gain: float = 1.0
) -> tuple[list[dict[str, np.ndarray]], list[dict[str, np.ndarray]], np.ndarray]:
    """Parameters, the cache that a right forward pass leaves, and a gradient for the logits."""
    params, cache = _params(rng, sizes, gain), []
    h = gain * rng.normal(size=(n, sizes[0]))
    for layer in params:
        z = h @ layer["w"] + layer["b"]
        cache.append({"x": h, "z": z})
        h = ACTIVATIONS[act](z)
    return params, cache, rng.normal(size=(n, sizes[-1]))
