"""Shapes and options of the convolutions and pooling windows that ``checks.py`` asks for.

Each function is a kind of case.  ``size`` chooses its numbers: the printed ones in the public draw, others in hidden
draws.  What makes the kind, such as an even kernel or pixels that are left over, is the same in every draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks import Sizes

Pair = tuple[int, int]
Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class Convolution:
    """Shapes of image and kernel, and the keyword arguments of the call."""

    image: Shape
    kernel: Shape
    options: Mapping[str, Any]

    @property
    def output(self) -> Shape:
        """Shape of the result."""
        return _output(self.image, self.kernel[:2], self.kernel[3], self.options)


@dataclass(frozen=True)
class Pooling:
    """Shape of the image, and the keyword arguments of the call."""

    image: Shape
    options: Mapping[str, Any]

    @property
    def output(self) -> Shape:
        """Shape of the result."""
        return _output(self.image, self.options["window"], self.image[3], self.options)


def _output(image: Shape, kernel: Pair, channels: int, options: Mapping[str, Any]) -> Shape:
    strides, dilation = options.get("strides", (1, 1)), options.get("dilation", (1, 1))
    padding = options.get("padding", "SAME")
    pads = (padding, padding) if isinstance(padding, str) else padding
    rows, columns = (
        -(-n // s) if pad == "SAME" else (n + (0 if pad == "VALID" else sum(pad)) - d * (k - 1) - 1) // s + 1
        for n, k, s, d, pad in zip(image[1:3], kernel, strides, dilation, pads, strict=True)
    )
    return image[0], rows, columns, channels


def _with_rest(pixels: int, span: int, stride: int, rest: int) -> int:
    """Lengthen an axis until ``rest`` pixels are left over behind the last whole step of a window of ``span``."""
    return pixels + (rest - (pixels - span)) % stride


def _apart(rows: int, columns: int, step: int) -> Pair:
    """Lengthen the columns by a whole step where the image would be square."""
    return rows, columns + step * (rows == columns)


# --- convolution ------------------------------------------------------------------------------------------

VALID = {"strides": (1, 1), "padding": "VALID", "dilation": (1, 1), "groups": 1}
SAME = VALID | {"padding": "SAME"}


def plain(size: Sizes) -> Convolution:
    """VALID, odd by even kernel."""
    batch, rows, columns, inputs, outputs = size.apart((2, 2, 4), (5, 5, 8), (6, 5, 9), (3, 1, 4), (4, 2, 5))
    kernel = size.one((3, 2), (5, 2), (3, 4), (1, 4))
    return Convolution((batch, rows, columns, inputs), (*kernel, inputs, outputs), VALID)


def one_tap(size: Sizes) -> Convolution:
    """A 1 x 1 kernel on one image."""
    rows, columns, inputs, outputs = size.apart((3, 2, 6), (4, 2, 6), (2, 1, 5), (5, 2, 6))
    return Convolution((1, rows, columns, inputs), (1, 1, inputs, outputs), VALID)


def strided(size: Sizes) -> Convolution:
    """VALID, even by odd kernel, different strides that leave rows and columns over."""
    strides, kernel = size.one((2, 4), (3, 2), (3, 4)), size.one((4, 3), (2, 3), (4, 1))
    inputs, outputs = size.apart((2, 1, 4), (3, 2, 5))
    rows, columns = size.apart((9, 6, 9), (7, 6, 9))
    rows = _with_rest(rows, kernel[0], strides[0], 1)
    columns = _with_rest(columns, kernel[1], strides[1], strides[1] - 1)
    rows, columns = _apart(rows, columns, strides[1])
    return Convolution((2, rows, columns, inputs), (*kernel, inputs, outputs), VALID | {"strides": strides})


def same_odd(size: Sizes) -> Convolution:
    """SAME, odd square kernel."""
    rows, columns, inputs, outputs = size.apart((5, 4, 7), (4, 4, 7), (2, 1, 3), (3, 2, 5))
    side = size.one(3, 5)
    return Convolution((2, rows, columns, inputs), (side, side, inputs, outputs), SAME)


def same_even(size: Sizes) -> Convolution:
    """SAME, even kernel, every keyword argument left out."""
    rows, columns, inputs, outputs = size.apart((5, 4, 7), (6, 4, 7), (2, 1, 3), (3, 2, 5))
    kernel = size.one((2, 4), (4, 2), (6, 2))
    return Convolution((2, rows, columns, inputs), (*kernel, inputs, outputs), {})


def same_strided(size: Sizes) -> Convolution:
    """SAME with strides that divide the size: one pixel more below than above, columns between the positions.

    There are as many channels out as in, where a kernel with its channels swapped has the right shape.
    """
    strides, taps = size.one((2, 2), (2, 3), (4, 2), (4, 3)), size.one(3, 5)
    rows, columns = size.apart((6, 6, 9), (8, 6, 9))
    rows, columns = _apart(_with_rest(rows, 0, strides[0], 0), _with_rest(columns, 0, strides[1], 0), strides[1])
    channels = size(3, 2, 5)
    taps = max(taps, strides[0] + 1)
    return Convolution((2, rows, columns, channels), (taps, 1, channels, channels), SAME | {"strides": strides})


def same_remainder(size: Sizes) -> Convolution:
    """SAME, even kernel, strides that do not divide the size."""
    strides, kernel = size.one((3, 2), (2, 3)), size.one((4, 2), (2, 4))
    inputs, outputs = size.apart((2, 1, 4), (3, 2, 5))
    rows, columns = size.apart((7, 5, 8), (5, 5, 8))
    rows, columns = _with_rest(rows, 1, strides[0], 0), _with_rest(columns, 1, strides[1], 0)
    rows, columns = _apart(rows, columns, strides[1])
    return Convolution((2, rows, columns, inputs), (*kernel, inputs, outputs), SAME | {"strides": strides})


def numbers(size: Sizes) -> Convolution:
    """Padding in numbers, different on each side and none on the left; stride along the height."""
    top, bottom, right = size.apart((1, 1, 4), (2, 1, 4), (3, 1, 4))
    kernel, strides = size.one((3, 3), (5, 3), (3, 5)), size.one((2, 1), (3, 1))
    rows, columns, inputs, outputs = size.apart((5, 4, 7), (6, 4, 7), (2, 1, 3), (3, 2, 5))
    options = VALID | {"strides": strides, "padding": ((top, bottom), (0, right))}
    return Convolution((1, rows, columns, inputs), (*kernel, inputs, outputs), options)


def wide_numbers(size: Sizes) -> Convolution:
    """Padding in numbers wider than an even kernel above and none below; stride along the width."""
    kernel, strides = size.one((2, 4), (4, 2)), size.one((1, 2), (1, 3))
    left, right = size.apart((1, 0, 3), (2, 0, 3))
    rows, columns, inputs, outputs = size.apart((5, 4, 7), (6, 4, 7), (3, 1, 3), (2, 2, 5))
    options = VALID | {"strides": strides, "padding": ((kernel[0] + size(1, 0, 2), 0), (left, right))}
    return Convolution((2, rows, columns, inputs), (*kernel, inputs, outputs), options)


def dilated(size: Sizes) -> Convolution:
    """VALID, odd by even kernel, dilated along both axes."""
    kernel, dilation = size.one(
        ((3, 2), (2, 3)), ((3, 2), (3, 2)), ((3, 2), (3, 4)), ((3, 4), (2, 2)), ((5, 2), (2, 3))
    )
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    positions = size.apart((4, 2, 5), (3, 2, 5))
    rows, columns = _apart(spans[0] + positions[0] - 1, spans[1] + positions[1] - 1, 1)
    inputs, outputs = size.apart((2, 1, 4), (3, 2, 5))
    return Convolution((1, rows, columns, inputs), (*kernel, inputs, outputs), VALID | {"dilation": dilation})


def same_dilated(size: Sizes) -> Convolution:
    """SAME, even by odd kernel, dilated along both axes, with a stride along the height."""
    kernel, dilation = size.one(((2, 3), (3, 2)), ((2, 3), (5, 2)), ((4, 3), (3, 2)), ((2, 3), (3, 4)))
    rows, columns, inputs, outputs = size.apart((6, 5, 8), (5, 5, 8), (2, 1, 4), (3, 2, 4))
    options = SAME | {"dilation": dilation, "strides": size.one((3, 1), (2, 1))}
    return Convolution((2, rows, columns, inputs), (*kernel, inputs, outputs), options)


def several_groups(size: Sizes) -> Convolution:
    """VALID, two groups or more with several channels in and out each."""
    groups, (inputs, outputs) = size.one(2, 3, 4), size.apart((2, 2, 4), (3, 2, 4))
    rows, columns = size.apart((5, 5, 7), (4, 4, 7))
    kernel = size.one((3, 3), (3, 2), (5, 2), (3, 4))
    image = (2, rows, columns, groups * inputs)
    return Convolution(image, (*kernel, inputs, groups * outputs), VALID | {"groups": groups})


def depthwise(size: Sizes) -> Convolution:
    """A group for every channel, SAME, with a stride along an even width."""
    channels, filters = size(3, 2, 5), size(2, 1, 3)
    kernel = size.one((3, 3), (5, 3), (3, 5))
    rows, columns = size.apart((5, 4, 7), (6, 5, 8))
    rows, columns = _apart(rows, _with_rest(columns, 0, 2, 0), 2)
    options = SAME | {"strides": (1, 2), "groups": channels}
    return Convolution((1, rows, columns, channels), (*kernel, 1, channels * filters), options)


def everything(size: Sizes) -> Convolution:
    """Groups, strides, dilation and padding in numbers together."""
    groups, (inputs, outputs) = size.one(2, 3), size.apart((3, 2, 4), (2, 2, 4))
    kernel, dilation = size.one(((2, 3), (3, 2)), ((4, 3), (2, 2)), ((2, 3), (2, 3)))
    top, bottom, left, right = size.apart((1, 0, 4), (0, 0, 4), (2, 0, 4), (3, 0, 4))
    rows, columns = size.apart((6, 6, 9), (7, 6, 9))
    options = {
        "strides": size.one((2, 3), (3, 2)),
        "padding": ((top, bottom), (left, right)),
        "dilation": dilation,
        "groups": groups,
    }
    return Convolution((2, rows, columns, groups * inputs), (*kernel, inputs, groups * outputs), options)


# --- pooling ----------------------------------------------------------------------------------------------


def side_by_side(size: Sizes) -> Pooling:
    """VALID, the strides are the window."""
    batch, channels = size.apart((2, 2, 4), (3, 1, 4))
    window = size.one((2, 2), (3, 2), (2, 3), (3, 3))
    positions = size.apart((2, 1, 3), (3, 2, 4))
    rows, columns = _apart(window[0] * positions[0], window[1] * positions[1], window[1])
    return Pooling((batch, rows, columns, channels), {"window": window, "strides": window, "padding": "VALID"})


def overlapping(size: Sizes) -> Pooling:
    """VALID, windows that overlap and leave rows over."""
    window, strides = size.one(((3, 2), (2, 1)), ((4, 3), (3, 2)), ((4, 2), (3, 1)), ((3, 4), (2, 3)))
    rows, columns, channels = size.apart((8, 6, 9), (5, 5, 7), (2, 1, 4))
    rows, columns = _apart(_with_rest(rows, window[0], strides[0], 1), columns, 1)
    return Pooling((1, rows, columns, channels), {"window": window, "strides": strides, "padding": "VALID"})


def same_odd_windows(size: Sizes) -> Pooling:
    """SAME, odd windows that overlap, an even number of columns with stride 2."""
    window, strides = size.one(((3, 3), (2, 2)), ((5, 3), (2, 2)), ((3, 5), (2, 2)), ((5, 3), (3, 2)))
    rows, columns, channels = size.apart((5, 5, 8), (6, 5, 8), (2, 1, 4))
    rows, columns = _apart(rows, _with_rest(columns, 0, 2, 0), 2)
    return Pooling((1, rows, columns, channels), {"window": window, "strides": strides, "padding": "SAME"})


def same_even_windows(size: Sizes) -> Pooling:
    """SAME, even windows, stride 1."""
    batch, rows, columns, channels = size.apart((2, 2, 4), (4, 4, 7), (5, 4, 7), (3, 1, 4))
    window = size.one((2, 4), (4, 2), (4, 4), (2, 6))
    return Pooling((batch, rows, columns, channels), {"window": window, "strides": (1, 1), "padding": "SAME"})


def numbered_windows(size: Sizes) -> Pooling:
    """Padding in numbers, narrower than the window; gaps along the height, windows that overlap along the width."""
    window, strides = size.one((2, 3), (4, 3), (4, 5)), size.one((3, 2), (5, 2), (6, 2))
    left, right = size.apart((2, 0, 2), (1, 0, 2))
    rows, columns, channels = size.apart((7, 8, 11), (6, 5, 8), (2, 1, 4))
    padding = ((size(1, 2, 3), 0), (left, right))
    return Pooling((2, rows, columns, channels), {"window": window, "strides": strides, "padding": padding})
