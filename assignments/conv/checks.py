"""What is checked in the assignment, in plain sight.  Inputs are drawn anew for every grading run."""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks import Case, Generator, Task, case, cost, gradients, key, task, throughput, training, values

VALID = {"strides": (1, 1), "padding": "VALID", "dilation": (1, 1), "groups": 1}
STRIDED = VALID | {"strides": (2, 3)}
SAME = VALID | {"padding": "SAME"}
SAME_STRIDED = SAME | {"strides": (2, 2)}
EXPLICIT = VALID | {"padding": ((1, 2), (0, 1)), "strides": (2, 1)}
DILATED = VALID | {"dilation": (2, 3)}

HALVING = {"window": (2, 2), "strides": (2, 2), "padding": "VALID"}
OVERLAPPING = {"window": (3, 2), "strides": (2, 1), "padding": "VALID"}
PADDED = {"window": (3, 3), "strides": (2, 2), "padding": "SAME"}
UNEVEN = {"window": (3, 3), "strides": (2, 2), "padding": ((1, 0), (1, 2))}

HELD_OUT, STEPS, BATCH = 397, 120, 64  # of the digits


# --- sizes ------------------------------------------------------------------------------------------------


@values("output_size", draws=1)
def output_size_valid(rng: Generator) -> Iterator[Case]:
    """output_size without padding, and with a given padding"""
    yield case("10 pixels, kernel 4, stride 4, VALID", size=10, kernel=4, stride=4, padding="VALID", dilation=1)
    yield case("8 pixels, kernel 5, stride 2, padding 1 and 2", size=8, kernel=5, stride=2, padding=(1, 2), dilation=1)


@values("output_size", draws=1)
def output_size_same(rng: Generator) -> Iterator[Case]:
    """output_size with SAME padding"""
    yield case("7 pixels, kernel 3, stride 2", size=7, kernel=3, stride=2, padding="SAME", dilation=1)
    yield case("10 pixels, kernel 4, stride 3", size=10, kernel=4, stride=3, padding="SAME", dilation=1)


@values("output_size", draws=1)
def output_size_dilation(rng: Generator) -> Iterator[Case]:
    """output_size of a dilated kernel"""
    yield case("12 pixels, kernel 4, dilation 3", size=12, kernel=4, stride=2, padding=(2, 1), dilation=3)


# --- convolution ------------------------------------------------------------------------------------------


@values("conv2d")
def conv2d_valid(rng: Generator) -> Iterator[Case]:
    """conv2d without padding: a 3 x 2 kernel, and a 1 x 1 kernel"""
    yield case("3 x 2 kernel", *_conv(rng, (2, 5, 6, 3), (3, 2, 3, 4)), **VALID)
    yield case("1 x 1 kernel, batch of one", *_conv(rng, (1, 3, 4, 2), (1, 1, 2, 3)), **VALID)


@values("conv2d")
def conv2d_strides(rng: Generator) -> Iterator[Case]:
    """conv2d with different strides for height and width, which leave rows and columns over"""
    yield case("strides 2 and 3", *_conv(rng, *_SHAPES["strides"]), **STRIDED)


@values("conv2d")
def conv2d_same(rng: Generator) -> Iterator[Case]:
    """conv2d with SAME padding: odd and even kernels"""
    yield case("3 x 3 kernel", *_conv(rng, (2, 5, 4, 2), (3, 3, 2, 3)), **SAME)
    yield case("2 x 4 kernel", *_conv(rng, (1, 5, 6, 2), (2, 4, 2, 3)), **SAME)


@values("conv2d")
def conv2d_same_strides(rng: Generator) -> Iterator[Case]:
    """conv2d with SAME padding and stride 2 on an even number of pixels"""
    yield case("3 x 1 kernel, stride 2, 3 channels in and out", *_conv(rng, *_SHAPES["same"]), **SAME_STRIDED)


@values("conv2d")
def conv2d_explicit(rng: Generator) -> Iterator[Case]:
    """conv2d with a given padding, different on each of the four sides"""
    yield case("padding 1 above, 2 below, 1 right", *_conv(rng, *_SHAPES["explicit"]), **EXPLICIT)


@values("conv2d")
def conv2d_dilation(rng: Generator) -> Iterator[Case]:
    """conv2d with a dilated kernel, without padding and with SAME"""
    yield case("dilation 2 and 3, VALID", *_conv(rng, *_SHAPES["dilation"]), **DILATED)
    yield case("dilation 2, SAME", *_conv(rng, (1, 5, 6, 2), (3, 3, 2, 3)), **SAME | {"dilation": (2, 2)})


@values("conv2d")
def conv2d_groups(rng: Generator) -> Iterator[Case]:
    """conv2d in groups: two groups, and a group for every channel"""
    yield case("4 channels in 2 groups", *_conv(rng, *_SHAPES["groups"]), **VALID | {"groups": 2})
    yield case("depthwise, two filters each", *_conv(rng, (1, 4, 4, 3), (2, 2, 1, 6)), **VALID | {"groups": 3})


@gradients("conv2d", wrt=(0, 1, 2), needs=("conv2d_same_strides",))
def conv2d_gradient(rng: Generator) -> Iterator[Case]:
    """conv2d lets JAX differentiate it for image, kernel and bias"""
    yield case("3 x 1 kernel, SAME, stride 2", *_conv(rng, *_SHAPES["same"]), **SAME_STRIDED)


@values("conv2d_backward")
def conv2d_backward_valid(rng: Generator) -> Iterator[Case]:
    """conv2d_backward without padding: the gradients for image, kernel and bias"""
    yield case("3 x 2 kernel", *_back(rng, (2, 3, 5, 4), (2, 5, 6, 3), (3, 2, 3, 4)), **VALID)


@values("conv2d_backward")
def conv2d_backward_strides(rng: Generator) -> Iterator[Case]:
    """conv2d_backward with strides that leave rows and columns over"""
    yield case("strides 2 and 3", *_back(rng, (2, 3, 2, 3), *_SHAPES["strides"]), **STRIDED)


@values("conv2d_backward")
def conv2d_backward_same(rng: Generator) -> Iterator[Case]:
    """conv2d_backward with SAME padding and stride 2 on an even number of pixels"""
    yield case(
        "3 x 1 kernel, stride 2, 3 channels in and out", *_back(rng, (2, 3, 3, 3), *_SHAPES["same"]), **SAME_STRIDED
    )


@values("conv2d_backward")
def conv2d_backward_explicit(rng: Generator) -> Iterator[Case]:
    """conv2d_backward with a given padding, different on each of the four sides"""
    yield case("padding 1 above, 2 below, 1 right", *_back(rng, (1, 3, 5, 3), *_SHAPES["explicit"]), **EXPLICIT)


@values("conv2d_backward")
def conv2d_backward_dilation(rng: Generator) -> Iterator[Case]:
    """conv2d_backward with a dilated kernel"""
    yield case("dilation 2 and 3, VALID", *_back(rng, (1, 4, 4, 3), *_SHAPES["dilation"]), **DILATED)


@values("conv2d_backward")
def conv2d_backward_groups(rng: Generator) -> Iterator[Case]:
    """conv2d_backward in groups"""
    yield case("4 channels in 2 groups", *_back(rng, (2, 3, 2, 6), *_SHAPES["groups"]), **VALID | {"groups": 2})


# --- pooling ----------------------------------------------------------------------------------------------


@values("max_pool")
def max_pool_values(rng: Generator) -> Iterator[Case]:
    """max_pool: windows side by side, and windows that overlap"""
    yield case("2 x 2 windows, stride 2", rng.normal(size=_HALVED), **HALVING)
    yield case("3 x 2 windows, strides 2 and 1", rng.normal(size=_OVERLAPPED), **OVERLAPPING)


@values("max_pool")
def max_pool_padded(rng: Generator) -> Iterator[Case]:
    """max_pool with padding where all numbers are negative"""
    yield case("3 x 3 windows, stride 2, SAME", _negative(rng), **PADDED)


@gradients("max_pool", needs=("max_pool_values",))
def max_pool_gradient(rng: Generator) -> Iterator[Case]:
    """max_pool lets JAX differentiate it"""
    yield case("3 x 2 windows, strides 2 and 1", rng.normal(size=_OVERLAPPED), **OVERLAPPING)


@values("max_pool_backward")
def max_pool_backward_values(rng: Generator) -> Iterator[Case]:
    """max_pool_backward: each window's gradient goes to its maximum"""
    yield case("2 x 2 windows, stride 2", rng.normal(size=(2, 2, 3, 3)), rng.normal(size=_HALVED), **HALVING)


@values("max_pool_backward")
def max_pool_backward_overlap(rng: Generator) -> Iterator[Case]:
    """max_pool_backward where windows overlap"""
    dy = rng.normal(size=(1, 3, 4, 2))
    yield case("3 x 2 windows, strides 2 and 1", dy, rng.normal(size=_OVERLAPPED), **OVERLAPPING)


@values("max_pool_backward", needs=("max_pool_backward_values",))
def max_pool_backward_ties(rng: Generator) -> Iterator[Case]:
    """max_pool_backward of equal numbers: the first maximum of a window receives everything"""
    # The ties are at 0, which stays 0 when the grader moves inputs by a rounding error to see what that does.
    x = -np.maximum(rng.normal(size=_HALVED), 0)
    yield case("half of the numbers 0, none above", rng.normal(size=(2, 2, 3, 3)), x, **HALVING)
    yield case("all numbers 0", rng.normal(size=(2, 2, 3, 3)), np.zeros(_HALVED), **HALVING)


@values("max_pool_backward")
def max_pool_backward_padded(rng: Generator) -> Iterator[Case]:
    """max_pool_backward with padding where all numbers are negative"""
    yield case("3 x 3 windows, stride 2, SAME", rng.normal(size=(1, 3, 3, 2)), _negative(rng), **PADDED)


@values("avg_pool")
def avg_pool_values(rng: Generator) -> Iterator[Case]:
    """avg_pool without padding"""
    yield case("3 x 2 windows, strides 2 and 1", rng.normal(size=_OVERLAPPED), **OVERLAPPING, count_include_pad=True)


@values("avg_pool")
def avg_pool_with_padding(rng: Generator) -> Iterator[Case]:
    """avg_pool that counts the padding"""
    yield case("3 x 3 windows, stride 2, SAME", 1 + rng.normal(size=_SQUARE), **PADDED, count_include_pad=True)


@values("avg_pool")
def avg_pool_without_padding(rng: Generator) -> Iterator[Case]:
    """avg_pool that leaves the padding out"""
    x = 1 + rng.normal(size=_SQUARE)
    yield case("3 x 3 windows, stride 2, padding 1 above, 1 left, 2 right", x, **UNEVEN, count_include_pad=False)


@values("global_avg_pool")
def global_avg_pool_values(rng: Generator) -> Iterator[Case]:
    """global_avg_pool is the mean of every channel"""
    yield case("8 x 10 pixels", 1 + rng.normal(size=(2, 8, 10, 3)))


@values("adaptive_avg_pool")
def adaptive_avg_pool_even(rng: Generator) -> Iterator[Case]:
    """adaptive_avg_pool where the sizes divide"""
    yield case("6 x 4 pixels to 3 x 2", rng.normal(size=(1, 6, 4, 2)), out=(3, 2))


@values("adaptive_avg_pool")
def adaptive_avg_pool_uneven(rng: Generator) -> Iterator[Case]:
    """adaptive_avg_pool where the sizes do not divide, and to more pixels than there are"""
    yield case("8 x 10 pixels to 3 x 4", rng.normal(size=(2, 8, 10, 3)), out=(3, 4))
    yield case("3 x 2 pixels to 5 x 3", rng.normal(size=(1, 3, 2, 2)), out=(5, 3))


# --- the network ------------------------------------------------------------------------------------------


@values("cnn_forward", needs=("conv2d_same", "max_pool_values"))
def cnn_forward_values(rng: Generator) -> Iterator[Case]:
    """cnn_forward returns the logits"""
    yield case("8 x 8 pixels, one channel", _network(rng, (1, 2, 3), 2 * 2, 4), rng.normal(size=(3, 8, 8, 1)))
    yield case("9 x 12 pixels, three channels", _network(rng, (3, 4, 2), 2 * 3, 5), rng.normal(size=(2, 9, 12, 3)))


@gradients("cnn_forward", wrt=(0, 1), needs=("cnn_forward_values",))
def cnn_forward_gradient(rng: Generator) -> Iterator[Case]:
    """cnn_forward lets JAX differentiate it for every parameter and the image"""
    yield case("8 x 8 pixels, one channel", _network(rng, (1, 2, 3), 2 * 2, 4), rng.normal(size=(3, 8, 8, 1)))


# --- training and speed -----------------------------------------------------------------------------------


def _accuracy(logits: Any, labels: np.ndarray) -> Mapping[str, float]:
    return {"held-out accuracy": float(np.mean(np.argmax(logits, axis=1) == labels))}


@training(
    init="given.init",
    step="given.train_step",
    predict="given.predict",
    measure=_accuracy,
    needs=("cnn_forward_values", "cnn_forward_gradient"),
)
def digits_training(rng: Generator) -> Iterator[Task]:
    """your network learns to read handwritten digits"""
    images, labels = _digits()
    order = rng.permutation(len(images))
    held_out, rest = order[:HELD_OUT], order[HELD_OUT:]
    epochs = -(-STEPS * BATCH // len(rest))
    rows = np.concatenate([rng.permutation(rest) for _ in range(epochs)])[: STEPS * BATCH].reshape(STEPS, BATCH)
    yield task(
        f"{STEPS} steps with {BATCH} digits each",
        key(rng),
        batches=(images[rows], labels[rows]),
        held_out=(images[held_out],),
        target=labels[held_out],
        image=(8, 8, 1),
        channels=(16, 32),
        classes=10,
    )


# XLA has hand-made convolutions for some devices; slices and products reach a third of their speed or more.
@throughput("conv2d", bands=((0.3, 1.0), (0.15, 0.6), (0.07, 0.3)), needs=("conv2d_same",))
def conv2d_speed(rng: Generator) -> Iterator[Case]:
    """conv2d of a larger batch is not much slower than the reference's"""
    yield case("16 images, 32 to 64 channels", *_conv(rng, (16, 16, 16, 32), (3, 3, 32, 64)), **SAME)


# Only operations count: what a library's convolution needs for itself does not show in its program.
@cost("conv2d", of=("flops",), needs=("conv2d_same", "conv2d_groups"))
def conv2d_cost(rng: Generator) -> Iterator[Case]:
    """conv2d in groups spends no operations on channels that do not mix"""
    images = _conv(rng, (16, 16, 16, 32), (3, 3, 8, 64))
    yield case("16 images, 32 to 64 channels in 4 groups", *images, **SAME | {"groups": 4})


# --- drawing inputs ---------------------------------------------------------------------------------------

# Shapes of image and kernel that conv2d and conv2d_backward share.
_SHAPES = {
    "strides": ((2, 8, 7, 2), (3, 2, 2, 3)),
    "same": ((2, 6, 6, 3), (3, 1, 3, 3)),
    "explicit": ((1, 5, 6, 2), (3, 3, 2, 3)),
    "dilation": ((1, 8, 7, 2), (3, 2, 2, 3)),
    "groups": ((2, 5, 4, 4), (3, 3, 2, 6)),
}
_HALVED, _OVERLAPPED, _SQUARE = (2, 4, 6, 3), (1, 8, 5, 2), (1, 5, 6, 2)


def _conv(rng: Generator, image: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    return rng.normal(size=image), _kernel(rng, kernel), rng.normal(size=kernel[-1])


def _back(
    rng: Generator, dy: tuple[int, ...], image: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[np.ndarray, ...]:
    return rng.normal(size=dy), rng.normal(size=image), _kernel(rng, kernel)


def _kernel(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))


@lru_cache(maxsize=1)
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 handwritten digits that come with scikit-learn: (N, 8, 8, 1) from 0 to 1, and labels (N,).

    Read from the package's folder: importing scikit-learn itself takes longer than everything else here.
    """
    found = importlib.util.find_spec("sklearn")
    folders = (found.submodule_search_locations if found else None) or []
    path = next((p for f in folders if (p := Path(f, "datasets", "data", "digits.csv.gz")).exists()), None)
    if path is None:
        raise FileNotFoundError("the digits come with scikit-learn, which is not installed: pip install scikit-learn")
    with gzip.open(path, "rt") as stream:
        table = np.loadtxt(stream, delimiter=",", dtype=np.int32)
    return (table[:, :64] / 16).reshape(-1, 8, 8, 1), table[:, 64]


def _negative(rng: Generator) -> np.ndarray:
    return -0.1 - np.abs(rng.normal(size=_SQUARE))


def _network(rng: Generator, channels: tuple[int, int, int], pixels: int, classes: int) -> dict[str, Any]:
    first, second, third = channels
    shapes = {"conv1": (3, 3, first, second), "conv2": (3, 3, second, third), "dense": (pixels * third, classes)}
    return {name: {"w": 1.5 * _kernel(rng, s), "b": 0.3 * rng.normal(size=s[-1])} for name, s in shapes.items()}
