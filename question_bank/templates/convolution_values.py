"""Values and costs of convolutions by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from question_bank.templates._shapes import CHANNELS_LAST
from question_bank.templates.engine import Draw, Question, Wrong, template

Rows = list[list[int]]


@jax.jit
def _correlate(image: jax.Array, kernel: jax.Array) -> jax.Array:
    """What a convolutional layer computes: the kernel is not flipped."""
    out = lax.conv_general_dilated(
        image[None, :, :, None], kernel[:, :, None, None], (1, 1), "VALID", dimension_numbers=CHANNELS_LAST
    )
    return out[0, :, :, 0]


def _array(rows: Rows) -> jax.Array:
    return jnp.asarray(np.asarray(rows, dtype=float))


def _grid(d: Draw, height: int, width: int, low: int, high: int) -> Rows:
    return [[d.integer(low, high) for _ in range(width)] for _ in range(height)]


def _dot(a: Rows, b: Rows) -> int:
    return sum(x * y for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True))


def _flip(rows: Rows) -> Rows:
    return [row[::-1] for row in rows[::-1]]


def _turn(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


def _size(rows: Rows) -> Rows:
    return [[abs(x) for x in row] for row in rows]


@template(topic="convolution", difficulty=0.35)
def cross_correlation_value(d: Draw) -> Question:
    """One output of a convolutional layer with a bias."""
    side = d.choose(2, 3)
    patch, kernel, bias = _grid(d, side, side, 0, 9), _grid(d, side, side, -3, 3), d.choose(-4, -3, -2, 2, 3, 4)
    dot, flipped = _dot(patch, kernel), _dot(patch, _flip(kernel))
    return Question(
        stem=f"A convolutional layer lays the {side}×{side} kernel `{kernel}` over the patch `{patch}` (lists of rows) "
        f"without flipping it, as deep-learning libraries do. The bias is {bias}. What is the output before the "
        "activation?",
        key=_correlate(_array(patch), _array(kernel))[0, 0] + bias,
        second=dot + bias,
        wrong=[
            Wrong("no bias", dot, "You forgot the bias."),
            Wrong("bias subtracted", dot - bias, "The bias is added."),
            Wrong("flipped", flipped + bias, "Libraries do not flip the kernel: they compute a cross-correlation."),
            Wrong(
                "transposed",
                _dot(patch, _turn(kernel)) + bias,
                "Multiply row by row: do not swap the rows and columns of the kernel.",
            ),
            Wrong("signs lost", _dot(patch, _size(kernel)) + bias, "Negative entries of the kernel subtract."),
            Wrong("bias at every entry", dot + side * side * bias, "The bias is added once, to the sum."),
            Wrong(
                "entries added",
                sum(map(sum, patch)) + sum(map(sum, kernel)) + bias,
                "Multiply the entries pairwise before you add.",
            ),
            Wrong("first row only", _dot(patch[:1], kernel[:1]) + bias, "All rows of the patch count."),
        ],
        explanation=f"The products of entries in the same place add up to {dot}; with the bias {bias} that is "
        f"{dot + bias}.",
    )


@template(topic="convolution", difficulty=0.5)
def true_convolution_value(d: Draw) -> Question:
    """One value of a convolution in the mathematical sense."""
    side = d.choose(2, 3)
    patch, kernel = _grid(d, side, side, 0, 9), _grid(d, side, side, -3, 3)
    down, across = kernel[::-1], [row[::-1] for row in kernel]
    key = _dot(patch, _flip(kernel))
    # Second way: the sum over i and j of x[i, j] · k[m − 1 − i, m − 1 − j], written with indices.
    second = sum(patch[i][j] * kernel[side - 1 - i][side - 1 - j] for i in range(side) for j in range(side))
    return Question(
        stem="A convolution in the mathematical sense turns the kernel by 180 degrees (it flips rows and columns) "
        f"before it multiplies and adds. What is its value for the patch `{patch}` and the kernel `{kernel}` (lists of "
        "rows)?",
        key=_correlate(_array(patch), jnp.flip(_array(kernel)))[0, 0],
        second=second,
        wrong=[
            Wrong("not flipped", _dot(patch, kernel), "That is the cross-correlation: turn the kernel first."),
            Wrong("rows only", _dot(patch, down), "Flip the columns too."),
            Wrong("columns only", _dot(patch, across), "Flip the rows too."),
            Wrong(
                "transposed",
                _dot(patch, _turn(kernel)),
                "Turning by 180 degrees is not the same as swapping rows and columns.",
            ),
            Wrong("quarter turn", _dot(patch, _turn(down)), "Turn the kernel by 180 degrees, not by 90."),
            Wrong("signs lost", _dot(patch, _size(_flip(kernel))), "Negative entries of the kernel subtract."),
            Wrong("wrong sign", -key, "Turning the kernel does not change signs."),
        ],
        explanation=f"The turned kernel is `{_flip(kernel)}`; the products with the patch add up to {key}.",
    )


_EDGES = {
    "Sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Prewitt": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "Scharr": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
}


@template(topic="feature maps", difficulty=0.4)
def edge_filter_response(d: Draw) -> Question:
    """Response of an edge filter."""
    name, turned = d.choose(*_EDGES), d.choose(True, False)
    plain = _EDGES[name]
    kernel = _turn(plain) if turned else plain
    patch = _grid(d, 3, 3, 0, 9)
    key = _dot(patch, kernel)
    bright = sum(patch[i][j] * kernel[i][j] for i in range(3) for j in range(3) if kernel[i][j] > 0)
    dark = -sum(patch[i][j] * kernel[i][j] for i in range(3) for j in range(3) if kernel[i][j] < 0)
    other = _dot(patch, _turn(kernel))
    simple = _EDGES["Prewitt" if name != "Prewitt" else "Sobel"]
    return Question(
        stem=f"A layer applies the {name} filter `{kernel}` to the grey values `{patch}` (lists of rows). The filter "
        "is not flipped, and there is no bias. What is the response?",
        key=_correlate(_array(patch), _array(kernel))[0, 0],
        second=bright - dark,
        wrong=[
            Wrong("other direction", other, "You applied the filter for edges of the other direction."),
            Wrong("wrong sign", -key, "Keep the signs of the filter: it was not flipped."),
            Wrong("signs lost", bright + dark, "The negative entries subtract."),
            Wrong("bright side only", bright, "The other side of the edge is subtracted."),
            Wrong("dark side only", -dark, "The positive entries count too."),
            Wrong(
                "other weights",
                _dot(patch, _turn(simple) if turned else simple),
                "Use the weights of the filter that is given.",
            ),
            Wrong("mean", key / 9, "A filter adds up; it does not divide by the number of entries."),
            Wrong(
                "middle left out",
                key
                - kernel[1][0] * patch[1][0]
                - kernel[1][2] * patch[1][2]
                - kernel[0][1] * patch[0][1]
                - kernel[2][1] * patch[2][1],
                "The entries beside the centre count too.",
            ),
        ],
        explanation=f"Positive side {bright}, negative side {dark}: the response is {bright} − {dark} = {key}.",
    )


@template(topic="convolution", difficulty=0.5)
def conv_output_entry(d: Draw) -> Question:
    """One entry of a convolution's output."""
    image, kernel = _grid(d, 4, 4, 0, 9), _grid(d, 2, 2, -2, 3)
    r, c = d.integer(0, 2), d.integer(0, 2)
    d.need(r != c)

    def at(y: int, x: int, weights: Rows = kernel) -> int:
        return _dot([row[x : x + 2] for row in image[y : y + 2]], weights)

    return Question(
        stem=f"A convolutional layer (stride 1, no padding, no bias, kernel not flipped) applies the kernel `{kernel}` "
        f"to the input `{image}` (lists of rows). Rows and columns are counted from 0. What is the output in row {r}, "
        f"column {c}?",
        key=_correlate(_array(image), _array(kernel))[r, c],
        second=at(r, c),
        wrong=[
            Wrong("swapped", at(c, r), "The row comes before the column."),
            Wrong("flipped", at(r, c, _flip(kernel)), "The kernel is not flipped."),
            Wrong("transposed", at(r, c, _turn(kernel)), "Do not swap the rows and columns of the kernel."),
            Wrong("signs lost", at(r, c, _size(kernel)), "Negative entries of the kernel subtract."),
            Wrong(
                "one to the right",
                at(r, min(c + 1, 2)) if c < 2 else at(r, c - 1),
                "The window's first entry stands in the given row and column.",
            ),
            Wrong(
                "one further down",
                at(r + 1, c) if r < 2 else at(r - 1, c),
                "The window's first entry stands in the given row and column.",
            ),
            Wrong("patch added", at(r, c, [[1, 1], [1, 1]]), "Multiply by the kernel before you add."),
        ],
        explanation=f"The patch is `{[row[c : c + 2] for row in image[r : r + 2]]}`; the products with the kernel add "
        f"up to {at(r, c)}.",
    )


@template(topic="feature maps", difficulty=0.45)
def strongest_response_place(d: Draw) -> Question:
    """Where an edge filter responds most strongly."""
    row = [d.integer(0, 20) for _ in range(12)]
    kernel = d.choose([-1, 0, 1], [-1, 1], [1, -1], [1, 0, -1], [-1, 2, -1])
    out = [sum(k * row[i + j] for j, k in enumerate(kernel)) for i in range(len(row) - len(kernel) + 1)]
    top = max(out)
    d.need(out.count(top) == out.count(min(out)) == row.count(max(row)) == row.count(min(row)) == 1)
    place = out.index(top)
    d.need(place >= 1)
    steps = [b - a for a, b in zip(row, row[1:], strict=False)]
    key = jnp.argmax(_correlate(_array([row]), _array([kernel]))[0])
    return Question(
        stem=f"A layer slides the filter `{kernel}` over the grey values `{row}` (stride 1, no padding, filter not "
        "flipped, no bias). Outputs are counted from 0. At which output is the response largest (a negative number is "
        "smaller than 0)?",
        key=key,
        second=place,
        wrong=[
            Wrong(
                "smallest",
                out.index(min(out)),
                "That is the most negative response; a negative number is not large, whatever its size.",
            ),
            Wrong("brightest value", row.index(max(row)), "The filter answers to differences, not to bright values."),
            Wrong("counted from one", place + 1, "Outputs are counted from 0."),
            Wrong(
                "end of the window",
                place + len(kernel) - 1,
                "An output is counted by the place where its window starts.",
            ),
            Wrong(
                "greatest step", steps.index(max(steps)), "Apply the filter: it is not the difference of neighbours."
            ),
            Wrong("darkest value", row.index(min(row)), "The filter answers to differences, not to dark values."),
            Wrong("place before", place - 1, "The first output has the number 0."),
        ],
        explanation=f"The responses are {', '.join(map(str, out))}; the largest, {top}, has the number {place}.",
    )
