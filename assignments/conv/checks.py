"""What is checked in the assignment, in plain sight.

Every check runs on a public draw, with the sizes that are printed here and in ``layers.py``, and on hidden draws of
other sizes, within the ranges beside them.  The kinds of cases are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks import (
    Case,
    Generator,
    Sizes,
    Task,
    case,
    cost,
    gradients,
    key,
    task,
    throughput,
    training,
    values,
)

from . import layers
from .inputs import (
    around_one,
    backward,
    digits,
    draw_network,
    forward,
    half_zero,
    image_and_kernel,
    negative,
    one_channel,
    pool,
    some_zeros,
    unpool,
    zeros,
)
from .ladders import (
    adaptive_avg_pool_ladder,
    avg_pool_ladder,
    cnn_forward_ladder,
    conv2d_backward_ladder,
    conv2d_ladder,
    global_avg_pool_ladder,
    max_pool_backward_ladder,
    max_pool_ladder,
    output_size_ladder,
)
from .layers import SAME
from .options import (
    adaptive_avg_pool_options,
    avg_pool_options,
    cnn_forward_options,
    conv2d_backward_options,
    conv2d_options,
    max_pool_backward_options,
    max_pool_options,
    output_size_options,
)

# Declared in files of their own; the grader looks for them here.
LADDERS = (
    output_size_ladder, conv2d_ladder, conv2d_backward_ladder, max_pool_ladder, max_pool_backward_ladder,
    avg_pool_ladder, global_avg_pool_ladder, adaptive_avg_pool_ladder, cnn_forward_ladder,
)  # fmt: skip
OPTIONS = (
    output_size_options, conv2d_options, conv2d_backward_options, max_pool_options, max_pool_backward_options,
    avg_pool_options, adaptive_avg_pool_options, cnn_forward_options,
)  # fmt: skip

# Kinds of cases whose names occur more than once.
SAME_STRIDED = "odd kernel, strides that divide the size, as many channels out as in"
WIDE = "even kernel, more above than its height, none below, stride along the width"
EVERYTHING = "groups with strides, dilation and padding in numbers"
NUMBERED = "padding in numbers, none below, gaps along the height"

HELD_OUT, STEPS, BATCH = 397, 120, 64  # of the digits


# --- sizes ------------------------------------------------------------------------------------------------


@values("output_size")
def output_size_valid(rng: Generator, size: Sizes) -> Iterator[Case]:
    """output_size without padding, and with a given padding"""
    kernel, stride = size(4, 2, 6), size(4, 2, 5)
    pixels = kernel + stride * size(1, 1, 4) + 1
    yield case("VALID, one pixel over", size=pixels, kernel=kernel, stride=stride, padding="VALID", dilation=1)
    pixels, kernel, pads = size(8, 6, 30), size(5, 2, 6), size.apart((1, 0, 4), (2, 0, 4))
    # Every pixel counts, so that no wrong sum of the pads gives the same size.
    yield case("padding in numbers, every pixel", size=pixels, kernel=kernel, stride=1, padding=pads, dilation=1)


@values("output_size")
def output_size_same(rng: Generator, size: Sizes) -> Iterator[Case]:
    """output_size with SAME padding"""
    stride, kernel = size(3, 2, 4), size.one(4, 6, 8)
    pixels = stride * size(3, 2, 7) + 1
    yield case("even kernel, one pixel over", size=pixels, kernel=kernel, stride=stride, padding="SAME", dilation=1)
    stride, kernel = size(2, 2, 3), size.one(3, 5, 7)
    pixels = stride * size(4, 2, 9)
    label = "odd kernel, a stride that divides the size"
    yield case(label, size=pixels, kernel=kernel, stride=stride, padding="SAME", dilation=1)
    # Tells padding as for an odd kernel from rounding down: with a stride they can give the same size.
    pixels, kernel = size(7, 5, 20), size.one(2, 4, 6)
    yield case("even kernel, every pixel", size=pixels, kernel=kernel, stride=1, padding="SAME", dilation=1)


@values("output_size")
def output_size_dilation(rng: Generator, size: Sizes) -> Iterator[Case]:
    """output_size of a dilated kernel"""
    kernel, dilation, stride = size(4, 2, 5), size(3, 2, 4), size(2, 2, 4)
    before, after = sorted(size.apart((2, 0, 4), (1, 0, 4)))
    # No pixel is left over, so that one pixel less gives a smaller size.
    pixels = dilation * (kernel - 1) + 1 + stride * size(4, 4, 6) - before - after
    label, pads = "padding in numbers, with a stride", (before, after)
    yield case(label, size=pixels, kernel=kernel, stride=stride, padding=pads, dilation=dilation)
    kernel, dilation, stride = size(3, 2, 5), size(2, 2, 4), size(3, 2, 4)
    pixels = dilation * (kernel - 1) + 1 + stride * size(1, 1, 4) + 1
    label = "VALID, one pixel over"
    yield case(label, size=pixels, kernel=kernel, stride=stride, padding="VALID", dilation=dilation)
    pixels, kernel, dilation = size(8, 4, 20), size.one(3, 5, 7), size(4, 2, 4)
    yield case("SAME", size=pixels, kernel=kernel, stride=1, padding="SAME", dilation=dilation)


# --- convolution ------------------------------------------------------------------------------------------


@values("conv2d")
def conv2d_valid(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d without padding: a kernel that is not square, and a 1 x 1 kernel"""
    yield forward(rng, "odd by even kernel", layers.plain(size))
    yield forward(rng, "1 x 1 kernel, batch of one", layers.one_tap(size))


@values("conv2d")
def conv2d_strides(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d with different strides for height and width, which leave rows and columns over"""
    yield forward(rng, "different strides", layers.strided(size))


@values("conv2d")
def conv2d_same(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d with SAME padding and stride 1: odd and even kernels"""
    yield forward(rng, "odd square kernel", layers.same_odd(size))
    yield forward(rng, "even kernel, all keywords left out", layers.same_even(size))


@values("conv2d")
def conv2d_same_strides(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d with SAME padding and strides, where the padding differs between the sides"""
    yield forward(rng, SAME_STRIDED, layers.same_strided(size))
    yield forward(rng, "even kernel, strides that leave a remainder", layers.same_remainder(size))


@values("conv2d")
def conv2d_explicit(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d with a given padding, different on each of the four sides"""
    yield forward(rng, "none on the left, stride along the height", layers.numbers(size))
    yield forward(rng, WIDE, layers.wide_numbers(size))


@values("conv2d")
def conv2d_dilation(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d with a dilated kernel, without padding and with SAME"""
    yield forward(rng, "VALID", layers.dilated(size))
    yield forward(rng, "SAME, with a stride along the height", layers.same_dilated(size))


@values("conv2d")
def conv2d_groups(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d in groups: several groups, a group for every channel, and groups with all other options"""
    yield forward(rng, "several groups, VALID", layers.several_groups(size))
    yield forward(rng, "depthwise, SAME, with a stride along the width", layers.depthwise(size))
    yield forward(rng, EVERYTHING, layers.everything(size))


@gradients("conv2d", wrt=(0, 1, 2), needs=("conv2d_same_strides",))
def conv2d_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d lets JAX differentiate it for image, kernel and bias"""
    yield forward(rng, SAME_STRIDED, layers.same_strided(size))


@values("conv2d_backward")
def conv2d_backward_valid(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward without padding: the gradients for image, kernel and bias"""
    yield backward(rng, "odd by even kernel", layers.plain(size))


@values("conv2d_backward")
def conv2d_backward_strides(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward with strides that leave rows and columns over"""
    yield backward(rng, "different strides", layers.strided(size))


@values("conv2d_backward")
def conv2d_backward_same(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward with SAME padding: with strides, and an even kernel with stride 1"""
    yield backward(rng, SAME_STRIDED, layers.same_strided(size))
    yield backward(rng, "even kernel, all keywords left out", layers.same_even(size))
    yield backward(rng, "even kernel, strides that leave a remainder", layers.same_remainder(size))


@values("conv2d_backward")
def conv2d_backward_explicit(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward with a given padding, different on each of the four sides"""
    yield backward(rng, "none on the left, stride along the height", layers.numbers(size))
    yield backward(rng, WIDE, layers.wide_numbers(size))


@values("conv2d_backward")
def conv2d_backward_dilation(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward with a dilated kernel, without padding and with SAME"""
    yield backward(rng, "VALID", layers.dilated(size))
    yield backward(rng, "SAME, with a stride along the height", layers.same_dilated(size))


@values("conv2d_backward")
def conv2d_backward_groups(rng: Generator, size: Sizes) -> Iterator[Case]:
    """conv2d_backward in groups: several groups, a group for every channel, and groups with all other options"""
    yield backward(rng, "several groups, VALID", layers.several_groups(size))
    yield backward(rng, "depthwise, SAME, with a stride along the width", layers.depthwise(size))
    yield backward(rng, EVERYTHING, layers.everything(size))


# --- pooling ----------------------------------------------------------------------------------------------


@values("max_pool")
def max_pool_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool: windows side by side, and windows that overlap"""
    yield pool(rng.normal, "side by side", layers.side_by_side(size))
    yield pool(rng.normal, "overlapping, rows left over", layers.overlapping(size))


@values("max_pool")
def max_pool_padded(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool with padding where all numbers are negative"""
    yield pool(negative(rng), "odd windows, SAME, with strides", layers.same_odd_windows(size))
    yield pool(negative(rng), "even windows, SAME, stride 1", layers.same_even_windows(size))
    yield pool(negative(rng), NUMBERED, layers.numbered_windows(size))


@gradients("max_pool", needs=("max_pool_values",))
def max_pool_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool lets JAX differentiate it"""
    yield pool(rng.normal, "overlapping, rows left over", layers.overlapping(size))


@values("max_pool_backward")
def max_pool_backward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool_backward: each window's gradient goes to its maximum"""
    yield unpool(rng, rng.normal, "side by side", layers.side_by_side(size))


@values("max_pool_backward")
def max_pool_backward_overlap(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool_backward where windows overlap"""
    yield unpool(rng, rng.normal, "overlapping, rows left over", layers.overlapping(size))


@values("max_pool_backward", needs=("max_pool_backward_values",))
def max_pool_backward_ties(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool_backward of equal numbers: the first maximum of a window receives everything"""
    # The ties are at 0, which stays 0 when the grader moves inputs by a rounding error to see what that does.
    yield unpool(rng, half_zero(rng), "side by side, half of the numbers 0, none above", layers.side_by_side(size))
    yield unpool(rng, zeros, "overlapping, all numbers 0", layers.overlapping(size))


@values("max_pool_backward")
def max_pool_backward_padded(rng: Generator, size: Sizes) -> Iterator[Case]:
    """max_pool_backward with padding where all numbers are negative"""
    yield unpool(rng, negative(rng), "odd windows, SAME, with strides", layers.same_odd_windows(size))
    yield unpool(rng, negative(rng), "even windows, SAME, stride 1", layers.same_even_windows(size))
    yield unpool(rng, negative(rng), NUMBERED, layers.numbered_windows(size))


@values("avg_pool")
def avg_pool_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """avg_pool without padding"""
    yield pool(rng.normal, "overlapping, rows left over", layers.overlapping(size), count_include_pad=True)
    yield pool(rng.normal, "side by side", layers.side_by_side(size), count_include_pad=False)


@values("avg_pool")
def avg_pool_with_padding(rng: Generator, size: Sizes) -> Iterator[Case]:
    """avg_pool that counts the padding"""
    odd = layers.same_odd_windows(size)
    yield pool(around_one(rng), "odd windows, SAME, with strides", odd, count_include_pad=True)
    yield pool(around_one(rng), NUMBERED, layers.numbered_windows(size), count_include_pad=True)


@values("avg_pool")
def avg_pool_without_padding(rng: Generator, size: Sizes) -> Iterator[Case]:
    """avg_pool that leaves the padding out"""
    yield pool(some_zeros(rng), NUMBERED, layers.numbered_windows(size), count_include_pad=False)
    even = layers.same_even_windows(size)
    yield pool(some_zeros(rng), "even windows, SAME, stride 1", even, count_include_pad=False)


@values("global_avg_pool")
def global_avg_pool_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """global_avg_pool is the mean of every channel"""
    shape = size.apart((2, 1, 4), (8, 1, 12), (10, 1, 12), (3, 2, 5))
    yield case("several channels", some_zeros(rng)(size=shape))


@values("adaptive_avg_pool")
def adaptive_avg_pool_even(rng: Generator, size: Sizes) -> Iterator[Case]:
    """adaptive_avg_pool where the sizes divide"""
    out, times = size.apart((3, 2, 4), (2, 2, 4)), size(2, 2, 4)
    channels = size(2, 1, 4)
    yield case("sizes that divide", some_zeros(rng)(size=(1, out[0] * times, out[1] * times, channels)), out=out)
    batch, rows, columns, channels = size.apart((2, 2, 5), (5, 2, 6), (4, 2, 6), (3, 1, 4))
    yield case("one row, all columns", rng.normal(size=(batch, rows, columns, channels)), out=(1, columns))


@values("adaptive_avg_pool")
def adaptive_avg_pool_uneven(rng: Generator, size: Sizes) -> Iterator[Case]:
    """adaptive_avg_pool where the sizes do not divide, and to more pixels than there are"""
    out, times, rest = size.apart((3, 3, 5), (4, 3, 5)), size(2, 1, 3), size(2, 1, 2)
    x = rng.normal(size=(2, *(times * n + rest for n in out), size(3, 1, 4)))
    yield case("fewer rows and columns, with a rest", x, out=out)
    rows, columns = size.apart((3, 3, 5), (2, 2, 5))
    x = rng.normal(size=(1, rows, columns, 2))
    yield case("more rows and columns", x, out=(rows + size(2, 1, 2), columns + 1))
    rows, columns, times = size(3, 3, 5), size(3, 3, 5), size(2, 1, 3)
    x = rng.normal(size=(2, rows, times * columns + 1, 3))
    yield case("more rows, fewer columns", x, out=(rows + size(2, 1, 2), columns))


# --- the network ------------------------------------------------------------------------------------------


@values("cnn_forward", needs=("conv2d_same", "max_pool_values"))
def cnn_forward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """cnn_forward returns the logits"""
    yield one_channel(rng, size)
    rows, columns = 4 * size(1, 2, 3) + size.one(3, 1), 4 * size(2, 1, 3) + 2
    channels, first, second = size.apart((3, 2, 5), (4, 2, 5), (2, 2, 5))
    network = draw_network(rng, (channels, first, second), (rows // 4) * (columns // 4), size(5, 2, 6))
    label = "one image of several channels, pixels left over at both poolings"
    yield case(label, network, rng.normal(size=(1, rows, columns, channels)))


@gradients("cnn_forward", wrt=(0, 1), needs=("cnn_forward_values",))
def cnn_forward_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """cnn_forward lets JAX differentiate it for every parameter and the image"""
    yield one_channel(rng, size)


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
    images, labels = digits()
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
    yield case("16 images, 32 to 64 channels", *image_and_kernel(rng, (16, 16, 16, 32), (3, 3, 32, 64)), **SAME)


# Only operations count: what a library's convolution needs for itself does not show in its program.
@cost("conv2d", of=("flops",), needs=("conv2d_same", "conv2d_groups"))
def conv2d_cost(rng: Generator) -> Iterator[Case]:
    """conv2d in groups spends no operations on channels that do not mix"""
    images = image_and_kernel(rng, (16, 16, 16, 32), (3, 3, 8, 64))
    yield case("16 images, 32 to 64 channels in 4 groups", *images, **SAME | {"groups": 4})
