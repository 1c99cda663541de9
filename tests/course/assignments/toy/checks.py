"""Checks of the toy assignment: one of every kind that this version knows."""

import numpy as np

from autograder.checks import (
    bound,
    case,
    cost,
    gradients,
    key,
    ladder,
    part,
    property_,
    task,
    throughput,
    training,
    trajectory,
    values,
)


@values("standardize")
def standardize_values(rng, size):
    """zero mean and unit variance along an axis"""
    shape = size.apart((4, 3, 8), (5, 3, 8))
    yield case("rows", rng.normal(1, 2, size=shape), axis=1)
    yield case("columns", rng.normal(1, 2, size=shape), axis=0)


@values("standardize", needs=("standardize_values",))
def standardize_far(rng, size):
    """right for rows far from zero"""
    yield case("mean of 3", rng.normal(3, 1, size=size.apart((4, 3, 8), (5, 3, 8))), axis=1)


@gradients("standardize", wrt=(0,))
def standardize_gradients(rng, size):
    """the gradient of standardize"""
    yield case("rows", rng.normal(1, 2, size=size.apart((4, 3, 8), (5, 3, 8))), axis=1)


@ladder("standardize")
def standardize_ladder():
    yield case("one row of two numbers", [[1.0, 3.0]], axis=1)
    yield case("two rows", [[1.0, 3.0], [2.0, 8.0]], axis=1)
    yield case("two columns", [[1.0, 3.0], [2.0, 8.0]], axis=0)


@trajectory("momentum", steps=8)
def momentum_path(rng, size):
    """eight steps of gradient descent with momentum"""
    n = size(3, 2, 6)
    yield case("some weights", {"w": rng.normal(size=n), "v": np.zeros(n)}, {"w": rng.normal(size=(8, n))})


@ladder("momentum")
def momentum_ladder():
    yield case("the first step of one weight", {"w": [1.0], "v": [0.0]}, {"w": [0.5]})
    yield case("a later step of one weight", {"w": [1.0], "v": [0.5]}, {"w": [0.5]})
    yield case("two weights", {"w": [1.0, 2.0], "v": [0.5, -1.0]}, {"w": [0.5, 1.5]})


@values("given.twice", needs=("standardize_values",))
def twice_values(rng, size):
    """standardising twice changes nothing more"""
    yield case("rows", rng.normal(1, 2, size=size.apart((4, 3, 8), (5, 3, 8))), axis=1)


def _keeps_mean(output, key, x, *, rate):
    yield bound("mean of the output", output.mean(), 0.9, 1.1)
    yield bound("share of zeros", (output == 0).mean(), rate - 0.05, rate + 0.05)


@property_("dropout", judge=_keeps_mean)
def dropout_keeps_mean(rng, size):
    """dropout keeps the mean"""
    yield case("ones", key(rng), np.ones((60, size(60, 50, 80))), rate=0.3)


def _fit(output, target):
    return {"share of variance explained": 1 - float(np.mean((output - target) ** 2) / np.var(target))}


def _step(rng):
    state = {"w": rng.normal(size=3), "v": rng.normal(size=3)}
    yield part("momentum", "momentum of the line's three weights", state, {"w": rng.normal(size=3)})


@training(
    init="given.line_init",
    step="given.line_step",
    predict="given.line_predict",
    measure=_fit,
    parts=_step,
    needs=("momentum_path",),
)
def line_learns(rng):
    """a straight line is fitted with your momentum step"""
    weights = rng.normal(size=3)
    x, held_out = rng.normal(size=(60, 16, 3)), rng.normal(size=(50, 3))
    yield task(
        "a line in three dimensions",
        key(rng),
        batches=(x, x @ weights),
        held_out=(held_out,),
        target=held_out @ weights,
    )


@throughput("standardize", needs=("standardize_values",))
def standardize_speed(rng):
    """standardising a large matrix takes no longer than the reference"""
    yield case("512 by 256", rng.normal(size=(512, 256)), axis=1)


@cost("standardize", of=("flops",), needs=("standardize_values",))
def standardize_cost(rng):
    """standardising a large matrix needs no more operations than the reference"""
    yield case("512 by 256", rng.normal(size=(512, 256)), axis=1)
