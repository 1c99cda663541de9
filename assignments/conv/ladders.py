"""Small public cases of each function, the smallest first, to follow by hand.

The first that fails is shown to a student as a counterexample.  So each one adds a single difficulty, and its numbers
are small enough to compute on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.checks import Case, case, ladder

ALONE = {"strides": (1, 1), "padding": "VALID", "dilation": (1, 1), "groups": 1}

Rows = Sequence[Sequence[float]]


def _image(*rows: Sequence[float]) -> np.ndarray:
    """One image of one channel, from its rows."""
    return np.array(rows, np.float32)[None, :, :, None]


def _kernel(*rows: Sequence[float]) -> np.ndarray:
    """A kernel of one channel in and one out, from its rows."""
    return np.array(rows, np.float32)[:, :, None, None]


def _bias(*channels: float) -> np.ndarray:
    return np.array(channels, np.float32)


def _pixel(*channels: float) -> np.ndarray:
    """An image of one pixel, from its channels."""
    return np.array(channels, np.float32)[None, None, None]


@ladder("output_size")
def output_size_ladder() -> Iterator[Case]:
    yield case("a kernel of two taps", size=6, kernel=2, stride=1, padding="VALID", dilation=1)
    yield case("a stride that leaves a pixel over", size=5, kernel=2, stride=2, padding="VALID", dilation=1)
    yield case("another padding before than after", size=4, kernel=2, stride=1, padding=(1, 2), dilation=1)
    yield case("a dilated kernel", size=8, kernel=3, stride=1, padding="VALID", dilation=2)
    yield case("SAME, a stride that divides the size", size=6, kernel=3, stride=2, padding="SAME", dilation=1)
    yield case("SAME, an even kernel and a stride", size=7, kernel=4, stride=3, padding="SAME", dilation=1)


@ladder("conv2d")
def conv2d_ladder() -> Iterator[Case]:
    yield case("a 2 x 2 kernel", _image([1, 2, 4], [3, 0, 5]), _kernel([1, 2], [-1, 0.5]), _bias(0.5), **ALONE)
    two = np.array([[1, 2], [3, -1]], np.float32)[None, None]
    yield case("two channels in, two out", _pixel(2, 5), two, _bias(0.5, 2), **ALONE)
    padded = ALONE | {"padding": ((1, 0), (0, 2))}
    yield case("one row of padding above, two columns to the right", _image([3, 4]), _kernel([2]), _bias(0), **padded)
    label = "an even kernel, keywords left out: SAME"
    yield case(label, _image([1, 2, 4]), _kernel([3, -1, 0.5, 2]), _bias(0))
    strided = ALONE | {"padding": "SAME", "strides": (1, 2), "dilation": (1, 2)}
    yield case("SAME, stride 2, dilation 2", _image([1, 2, 4, 3]), _kernel([3, -1, 0.5]), _bias(0), **strided)
    groups = ALONE | {"padding": ((0, 0), (1, 0)), "groups": 2}
    taps = [[1, 0, 2, 1], [0, 1, 1, 3]], [[1, 2, 3, 4], [-1, 0.5, 2, 1]]
    w = np.array(taps, np.float32)[None]
    yield case("two groups, one column of padding", _pixel(1, 2, 3, 5), w, _bias(0, 0, 0, 0), **groups)


@ladder("conv2d_backward")
def conv2d_backward_ladder() -> Iterator[Case]:
    yield case("one pixel, one tap", _image([2]), _image([3]), _kernel([4]), **ALONE)
    yield case("a row of three pixels, two taps", _image([1, -2]), _image([3, 1, 2]), _kernel([2, 5]), **ALONE)
    two = np.array([[1, 2], [3, -1]], np.float32)[None, None]
    dy, x = np.concatenate([_pixel(1, 4), _pixel(-2, 3)]), np.concatenate([_pixel(2, 5), _pixel(3, 4)])
    yield case("two images of two channels", dy, x, two, **ALONE)
    label = "an even kernel, keywords left out: SAME"
    yield case(label, _image([1, -2, 3]), _image([3, 1, 2]), _kernel([2, 5, 1, 4]))
    strided = ALONE | {"strides": (1, 2)}
    yield case("stride 2, a pixel left over", _image([1, -2]), _image([3, 1, 2, 4, 5]), _kernel([2, 5]), **strided)
    groups = ALONE | {"padding": ((0, 0), (1, 0)), "dilation": (1, 2), "groups": 2}
    x, w = np.array([[1, 2], [3, 5]], np.float32)[None, None], np.array([[1, 2, 3, 4], [-1, 0.5, 2, 1]], np.float32)
    label = "two groups, a dilated kernel, one column of padding"
    yield case(label, _pixel(1, -2, 3, 5), x, w[None, :, None], **groups)


def _windows(window: tuple[int, int], strides: tuple[int, int], padding: Any = "VALID") -> dict[str, Any]:
    return {"window": window, "strides": strides, "padding": padding}


@ladder("max_pool")
def max_pool_ladder() -> Iterator[Case]:
    yield case("one window", _image([1, -4], [2, 3]), **_windows((2, 2), (2, 2)))
    yield case("two windows side by side", _image([1, 5, 2, 3]), **_windows((1, 2), (1, 2)))
    yield case("windows that overlap", _image([1, 5, 2, 3]), **_windows((1, 2), (1, 1)))
    yield case("SAME, all numbers negative", _image([-3, -2, -1]), **_windows((1, 2), (1, 1), "SAME"))
    yield case("SAME with stride 2", _image([-3, -2, -5, -1]), **_windows((1, 3), (1, 2), "SAME"))
    yield case("one row of padding above", _image([-3, -4], [-2, -1]), **_windows((2, 1), (2, 1), ((1, 0), (0, 0))))


@ladder("max_pool_backward")
def max_pool_backward_ladder() -> Iterator[Case]:
    yield case("one window", _image([2]), _image([1, -4], [-2, 3]), **_windows((2, 2), (2, 2)))
    dy, x = np.concatenate([_image([2, 7]), _image([3, 1])]), [_image([1, 5, 4, 3, 2, 6]), _image([9, 5, 4, 3, 8, 6])]
    label = "two images, two windows side by side"
    yield case(label, dy, np.concatenate(x), **_windows((1, 3), (1, 3)))
    yield case("windows that overlap", _image([2, 7]), _image([1, 5, 2]), **_windows((1, 2), (1, 1)))
    # Ties are at 0, which stays 0 when the grader moves inputs by a rounding error.
    yield case("equal numbers", _image([2]), _image([-1, 0], [0, 0]), **_windows((2, 2), (2, 2)))
    negative = _image([-3, -2, -1])
    yield case("SAME, all numbers negative", _image([2, 7, 4]), negative, **_windows((1, 2), (1, 1), "SAME"))
    padded = _windows((2, 1), (2, 1), ((1, 0), (0, 0)))
    yield case("one row of padding above", _image([2], [7]), _image([-3], [-2], [-4]), **padded)


@ladder("avg_pool")
def avg_pool_ladder() -> Iterator[Case]:
    counted, left_out = {"count_include_pad": True}, {"count_include_pad": False}
    yield case("one window", _image([1, 2], [4, 5]), **_windows((2, 2), (2, 2)), **counted)
    yield case("windows that overlap", _image([1, 5, 2, 3]), **_windows((1, 2), (1, 1)), **counted)
    yield case("SAME, the padding counts", _image([4, 2, 6]), **_windows((1, 2), (1, 1), "SAME"), **counted)
    yield case(
        "SAME, the padding does not count, a pixel that is 0 does",
        _image([4, 0, 6]),
        **_windows((1, 2), (1, 1), "SAME"),
        **left_out,
    )
    above = _windows((2, 1), (2, 1), ((1, 0), (0, 0)))
    yield case("one row above that does not count", _image([4, 2], [6, 3], [8, 9]), **above, **left_out)
    yield case("one row above that counts", _image([4, 2], [6, 3], [8, 9]), **above, **counted)


@ladder("global_avg_pool")
def global_avg_pool_ladder() -> Iterator[Case]:
    yield case("one pixel of two channels", _pixel(3, 5))
    yield case("two pixels", _image([3, 4]))
    yield case("two rows, three columns", _image([1, 2, 3], [4, 5, 9]))
    yield case("two images of two pixels", np.concatenate([_image([3, 4]), _image([1, 8])]))


@ladder("adaptive_avg_pool")
def adaptive_avg_pool_ladder() -> Iterator[Case]:
    yield case("two pixels to one", _image([1, 4]), out=(1, 1))
    yield case("four pixels to two", _image([1, 4, 2, 5]), out=(1, 2))
    yield case("three pixels to two, which share one", _image([1, 4, 2]), out=(1, 2))
    yield case("five pixels to three", _image([1, 4, 2, 5, 9]), out=(1, 3))
    yield case("two pixels to three", _image([1, 4]), out=(1, 3))
    yield case("rows and columns", _image([1, 4, 2], [3, 8, 6]), out=(3, 2))


def _network(first: np.ndarray, second: np.ndarray, dense: Rows, biases: Sequence[float]) -> dict[str, Any]:
    """Parameters with the kernels' middle taps (channels in, channels out) as given, and 0 around them."""
    one, two = (np.zeros((3, 3, *middle.shape), np.float32) for middle in (first, second))
    one[1, 1], two[1, 1] = first, second
    b1, b2, b3 = (np.full(n, b) for b, n in zip(biases, (one.shape[3], two.shape[3], len(dense[0])), strict=True))
    return {
        "conv1": {"w": one, "b": b1},
        "conv2": {"w": two, "b": b2},
        "dense": {"w": np.array(dense, np.float32), "b": b3},
    }


@ladder("cnn_forward")
def cnn_forward_ladder() -> Iterator[Case]:
    image = _image([1, 2, 3, 1], [2, 4, 1, 0], [5, 1, 2, 2], [0, 3, 1, 6])
    one, two = np.ones((1, 1)), np.array([[1, 2]])
    yield case("kernels with a single 1 in the middle", _network(one, one, [[2]], (0.5, 0.5, 0.5)), image)
    yield case("negative numbers, which relu makes 0", _network(one, one, [[2]], (0.5, -1, -0.5)), -image)
    wide = np.concatenate([image, image[:, :, ::-1] + 2], axis=2)
    network = _network(two, np.array([[1, 0], [0, 2]]), [[1], [2], [3], [4]], (0.5, 0.5, 1))
    yield case("four numbers to flatten: two columns of two channels", network, wide)
    left_over = np.pad(image, ((0, 0), (0, 3), (0, 1), (0, 0)), constant_values=9)
    yield case("rows and columns left over", _network(one, one, [[3]], (0.5, 0.5, 0.5)), left_over)
