"""Sizes of pooling outputs, windows of adaptive pooling, receptive fields of stacks of layers."""

from __future__ import annotations

import itertools
from fractions import Fraction

import jax
import jax.numpy as jnp
from flax import linen

from question_bank.templates._shapes import shape_of
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="pooling", difficulty=0.35)
def pool_output_size(d: Draw) -> Question:
    """Output width of a pooling layer without padding."""
    size, window, stride = d.integer(15, 240), d.choose(2, 3, 4, 5), d.choose(2, 3, 4)

    d.need(size >= 2 * window * stride)

    def pool(x: jax.Array) -> jax.Array:
        return jnp.asarray(linen.max_pool(x, (1, window), (1, stride), "VALID"))

    places = sum(1 for end in range(window, size + 1, stride))  # second way: count where a window may end
    return Question(
        stem=f"Feature maps are {size} pixels wide. Max pooling with a window of width {window} and stride {stride}, "
        "without padding, drops what does not fill a window. How many pixels wide is the output?",
        key=jnp.asarray(shape_of(pool, (1, 1, size, 1))[2]),
        second=places,
        wrong=[
            Wrong(
                "divided by the stride",
                -(-size // stride),
                "That is the width with SAME padding: without padding the window must fit.",
            ),
            Wrong("divided by the window", size // window, "The windows are one stride apart, not one window."),
            Wrong("no plus one", (size - window) // stride, "The first window counts too: add one."),
            Wrong("rounded up", -(-(size - window) // stride) + 1, "A window that is not full is dropped: round down."),
            Wrong("no stride", size - window + 1, "The window moves by the stride: divide by it."),
            Wrong("window not subtracted", size // stride + 1, "Subtract the width of the window before you divide."),
            Wrong(
                "window subtracted twice",
                (size - 2 * window) // stride + 1,
                "Subtract the window once: it stands inside at both ends.",
            ),
            Wrong(
                "divided by both",
                size // (window * stride),
                "Windows overlap or leave gaps by the stride alone: do not divide by both.",
            ),
        ],
        explanation=f"floor(({size} − {window}) / {stride}) + 1 = {places}.",
        unit="pixels",
    )


def _rows(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"


@template(topic="adaptive pooling", difficulty=0.6)
def adaptive_pool_window(d: Draw) -> Question:
    """Rows that one output of adaptive pooling reads."""
    outputs, size = d.integer(3, 12), d.integer(10, 99)
    d.need(size > 2 * outputs and size % outputs != 0)
    i = d.integer(1, outputs - 2)
    first = jnp.floor_divide(i * size, outputs)
    last = -jnp.floor_divide(-(i + 1) * size, outputs) - 1
    # Second way: a row belongs to the window when it overlaps the i-th of the equal parts of the height.
    start, stop = Fraction(i * size, outputs), Fraction((i + 1) * size, outputs)
    inside = [row for row in range(size) if row + 1 > start and row < stop]
    low, high, even = i * size // outputs, -(-(i + 1) * size // outputs) - 1, size // outputs
    return Question(
        stem=f"Adaptive pooling turns {size} rows into {outputs}. Output i (counted from 0) reads the input rows from "
        f"floor(i · {size} / {outputs}) up to, but not including, ceil((i + 1) · {size} / {outputs}). Input rows are "
        f"counted from 0. Which rows does output {i} read?",
        key=_rows(int(first), int(last)),
        second=_rows(inside[0], inside[-1]),
        wrong=[
            Wrong("end included", _rows(low, high + 1), "The upper end is not included."),
            Wrong(
                "counted from one",
                _rows((i - 1) * size // outputs, -(-i * size // outputs) - 1),
                "Outputs are counted from 0.",
            ),
            Wrong("start rounded up", _rows(-(-i * size // outputs), high), "The start is rounded down."),
            Wrong(
                "end rounded down",
                _rows(low, (i + 1) * size // outputs - 1),
                "The end is rounded up: windows may share a row.",
            ),
            Wrong(
                "equal windows",
                _rows(i * even, (i + 1) * even - 1),
                "The height is no multiple of the number of outputs.",
            ),
            Wrong("rows from one", _rows(low + 1, high + 1), "Rows are counted from 0."),
        ],
        explanation=f"floor({i * size}/{outputs}) = {low} and ceil({(i + 1) * size}/{outputs}) = {high + 1}, so rows "
        f"{low} to {high}.",
    )


@template(topic="receptive field", difficulty=0.6)
def receptive_field_stack(d: Draw) -> Question:
    """Receptive field of three layers with strides."""
    kernels = [d.choose(3, 5, 7, 9, 11), d.choose(2, 3, 4, 5), d.choose(3, 5, 7, 9)]
    strides = [d.choose(1, 2, 3, 4), d.choose(1, 2, 3), d.choose(1, 2, 3)]
    d.need(strides[0] * strides[1] > 1 and kernels[1] >= strides[1])
    steps = jnp.cumprod(jnp.asarray([1, *strides[:-1]]))
    key = 1 + jnp.sum((jnp.asarray(kernels) - 1) * steps)
    size = 1  # second way: from one output pixel back to the input
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        size = (size - 1) * stride + kernel
    jumps = [1, strides[0], strides[0] * strides[1]]
    own = [*jumps[1:], jumps[2] * strides[2]]
    names = d.choose(("convolution", "pooling", "convolution"), ("convolution", "convolution", "convolution"))
    layers = "; ".join(f"{n} of width {k}, stride {s}" for n, k, s in zip(names, kernels, strides, strict=True))
    return Question(
        stem=f"Three layers follow one another, from the input on: {layers}. How many input pixels wide is the "
        "receptive field of one pixel of the last layer's output?",
        key=key,
        second=size,
        wrong=[
            Wrong("strides ignored", 1 + sum(k - 1 for k in kernels), "Strides before a layer widen what it sees."),
            Wrong(
                "widths added",
                sum(kernels),
                "Neighbouring windows overlap, and strides before a layer widen what it sees.",
            ),
            Wrong(
                "own stride counted",
                1 + sum((k - 1) * j for k, j in zip(kernels, own, strict=True)),
                "A layer's own stride widens only the layers after it.",
            ),
            Wrong(
                "no minus one",
                sum(k * j for k, j in zip(kernels, jumps, strict=True)),
                "Each layer adds (width − 1) times the strides before it.",
            ),
            Wrong("no plus one", size - 1, "Start with the one pixel itself, then add each layer's share."),
            Wrong(
                "wrong way round",
                1 + (kernels[2] - 1) + (kernels[1] - 1) * strides[2] + (kernels[0] - 1) * strides[2] * strides[1],
                "The strides before a layer count, not those after it.",
            ),
            Wrong(
                "first stride left out",
                1 + kernels[0] - 1 + kernels[1] - 1 + (kernels[2] - 1) * strides[1],
                "The first layer's stride widens both later layers.",
            ),
            Wrong(
                "strides added",
                1 + kernels[0] - 1 + (kernels[1] - 1) * strides[0] + (kernels[2] - 1) * (strides[0] + strides[1]),
                "Strides multiply along the stack.",
            ),
        ],
        explanation="1 + " + " + ".join(f"({k} − 1)·{j}" for k, j in zip(kernels, jumps, strict=True)) + f" = {size}.",
        unit="pixels",
    )


@template(topic="receptive field", difficulty=0.5)
def receptive_field_dilated(d: Draw) -> Question:
    """Receptive field of a stack of dilated convolutions."""
    kernel, layers, growth = d.choose(2, 3, 4, 5, 6, 7), d.integer(3, 6), d.choose(2, 3)
    length = d.integer(20, 99) * 100
    rates = [growth**i for i in range(layers)]
    d.need(sum(rates) < 400)
    key = 1 + (kernel - 1) * jnp.sum(jnp.power(growth, jnp.arange(layers)))
    seen = {0}  # second way: collect the input steps that reach one output step
    for rate in reversed(rates):
        seen = {step - tap * rate for step in seen for tap in range(kernel)}
    d.need(len(seen) == 1 + (kernel - 1) * sum(rates))  # with gaps the field is wider than what it sees
    return Question(
        stem=f"A signal of {length} steps goes through {layers} causal convolutions with kernels of width {kernel}, "
        f"stride 1 and dilations {', '.join(map(str, rates))}, in this order. (Dilation 1 is the ordinary "
        "convolution.) How many steps wide is the receptive field of one output step?",
        key=key,
        second=len(seen),
        wrong=[
            Wrong("dilation ignored", 1 + (kernel - 1) * layers, "The dilation widens each kernel."),
            Wrong(
                "last layer only", 1 + (kernel - 1) * rates[-1], "Every layer adds to the field, not only the widest."
            ),
            Wrong("no minus one", 1 + kernel * sum(rates), "A kernel of width k adds k − 1 gaps, not k."),
            Wrong("no plus one", (kernel - 1) * sum(rates), "Start with the one step itself."),
            Wrong(
                "spans added",
                sum((kernel - 1) * r + 1 for r in rates),
                "Overlapping spans must not be added: count the step itself once.",
            ),
            Wrong("spans of k·d added", kernel * sum(rates), "Each layer adds (k − 1) times its dilation."),
            Wrong(
                "one layer more",
                1 + (kernel - 1) * sum(growth**i for i in range(layers + 1)),
                "Count the layers once more.",
            ),
            Wrong("one layer less", 1 + (kernel - 1) * sum(rates[:-1]), "The last layer adds its share too."),
        ],
        explanation=f"1 + ({kernel} − 1)·({' + '.join(map(str, rates))}) = {len(seen)}.",
        unit="steps",
    )


@template(topic="receptive field", difficulty=0.45)
def receptive_field_depth(d: Draw) -> Question:
    """How many layers a receptive field needs."""
    kernel, field = d.choose(3, 5, 7), d.integer(21, 160)
    side = d.integer(20, 64) * 8
    d.need(kernel**2 < field < side)
    key = jnp.ceil((field - 1) / (kernel - 1)).astype(int)
    layers = next(n for n in itertools.count() if 1 + n * (kernel - 1) >= field)
    return Question(
        stem=f"Images are {side} pixels wide. A network stacks convolutions of {kernel}×{kernel} with stride 1 and "
        f"dilation 1. How many such layers are needed at least so that one output pixel sees a field {field} or more "
        "pixels wide?",
        key=key,
        second=layers,
        wrong=[
            Wrong(
                "divided by the kernel",
                -(-field // kernel),
                "Each layer after the first widens the field by kernel − 1.",
            ),
            Wrong("rounded down", (field - 1) // (kernel - 1), "Rounded down, the field is still too narrow."),
            Wrong("one layer too few", layers - 1, "With one layer less the field is too narrow."),
            Wrong("one layer too many", layers + 1, "The first layer counts: its field is as wide as its kernel."),
            Wrong(
                "half the growth",
                -(-(field - 1) // (kernel // 2)),
                "The field grows on both sides, by kernel − 1 in all.",
            ),
            Wrong("whole image", -(-(side - 1) // (kernel - 1)), "The field need not cover the whole image."),
            Wrong("kernel squared", -(-field // kernel**2), "The field is counted along one side."),
            Wrong("two layers too many", layers + 2, "Solve 1 + n·(kernel − 1) ≥ field for n."),
        ],
        explanation=f"1 + n·({kernel} − 1) ≥ {field} holds from n = {layers} on.",
        unit="layers",
    )
