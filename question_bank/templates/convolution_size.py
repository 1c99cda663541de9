"""Sizes of convolution and pooling outputs."""

from __future__ import annotations

import jax.numpy as jnp

from question_bank.templates._shapes import conv_shape
from question_bank.templates.engine import Draw, Question, Wrong, template


def _height(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """The height that JAX itself gives a convolution's output."""
    pads = ((padding, padding), (0, 0))
    return conv_shape((1, size, 1, 1), (kernel, 1, 1, 1), (stride, 1), pads, (dilation, 1))[1]


@template(topic="convolution arithmetic", difficulty=0.35)
def conv_output_size(d: Draw) -> Question:
    """Output height of a convolution with padding and stride."""
    size, kernel, stride = d.integer(16, 128), d.choose(3, 5, 7), d.choose(1, 2, 3)
    padding = d.integer(1, kernel // 2 + 1)
    d.need(size + 2 * padding >= kernel)
    # Second way: count the places where the kernel fits.
    places = sum(1 for start in range(0, size + 2 * padding - kernel + 1, stride))
    key = jnp.asarray(_height(size, kernel, stride, padding))
    return Question(
        stem=f"An input is {size} pixels high. A convolution has a kernel of height {kernel}, stride {stride} and "
        f"{padding} {'row' if padding == 1 else 'rows'} of zeros as padding on the top and as many on the bottom. How "
        "many pixels high is the output?",
        key=key,
        second=places,
        wrong=[
            Wrong(
                "no padding", (size - kernel) // stride + 1, "You left the padding out: it adds rows above and below."
            ),
            Wrong(
                "padding once",
                (size + padding - kernel) // stride + 1,
                "The padding is added on both sides: count it twice.",
            ),
            Wrong(
                "no plus one",
                (size + 2 * padding - kernel) // stride,
                "The first place of the kernel counts too: add one.",
            ),
            Wrong("no stride", size + 2 * padding - kernel + 1, "The kernel moves by the stride: divide by it."),
            Wrong(
                "rounded up",
                -(-(size + 2 * padding - kernel) // stride) + 1,
                "A kernel that does not fit is dropped: round down.",
            ),
            Wrong(
                "kernel not subtracted",
                (size + 2 * padding) // stride + 1,
                "Subtract the height of the kernel before you divide.",
            ),
            Wrong(
                "padding four times",
                (size + 4 * padding - kernel) // stride + 1,
                "Each side is padded once: add the padding twice in all.",
            ),
            Wrong(
                "kernel subtracted twice",
                (size + 2 * padding - 2 * kernel) // stride + 1,
                "Subtract the kernel's height once: it stands inside at both ends.",
            ),
        ],
        explanation=f"floor(({size} + 2·{padding} − {kernel}) / {stride}) + 1 = {places}.",
        unit="pixels",
    )


@template(topic="dilation", difficulty=0.5)
def conv_dilated_size(d: Draw) -> Question:
    """Output height of a dilated convolution."""
    size, kernel, rate = d.integer(40, 160), d.choose(3, 5, 7), d.choose(2, 3, 4)
    stride, padding = d.choose(1, 2), d.integer(2, 5)
    span = rate * (kernel - 1) + 1
    d.need(size + 2 * padding >= span + 4)
    # Second way: list the rows that the kernel touches and shift it until one of them leaves the padded input.
    touched, places = [rate * i for i in range(kernel)], 0
    while places * stride + touched[-1] < size + 2 * padding:
        places += 1

    def height(width: int, rows: int = size + 2 * padding, step: int = stride) -> int:
        return (rows - width) // step + 1

    return Question(
        stem=f"A convolution with a kernel of height {kernel}, dilation {rate} and stride {stride} runs over an input "
        f"that is {size} pixels high; {padding} rows of zeros are added on the top and as many on the bottom. "
        "(Dilation 1 is the ordinary convolution.) How many pixels high is the output?",
        key=jnp.asarray(_height(size, kernel, stride, padding, rate)),
        second=places,
        wrong=[
            Wrong("no dilation", height(kernel), "The kernel's rows stand apart: it spans more rows than it has."),
            Wrong(
                "kernel times dilation",
                height(rate * kernel),
                "No gap follows the last row: the span is dilation · (kernel − 1) + 1.",
            ),
            Wrong(
                "gaps instead of dilation",
                height((rate + 1) * (kernel - 1) + 1),
                "Dilation d leaves d − 1 rows free, not d.",
            ),
            Wrong(
                "one gap less",
                height((rate - 1) * (kernel - 1) + 1),
                "Neighbouring kernel rows are d rows apart, not d − 1.",
            ),
            Wrong("no padding", height(span, size), "You left the padding out: it adds rows above and below."),
            Wrong("padding once", height(span, size + padding), "The padding is added on both sides: count it twice."),
            Wrong("no plus one", height(span) - 1, "The first place of the kernel counts too: add one."),
            Wrong(
                "padding four times",
                height(span, size + 4 * padding),
                "Each side is padded once: add the padding twice in all.",
            ),
            Wrong("no stride", height(span, step=1), "The kernel moves by the stride: divide by it."),
        ],
        explanation=f"The kernel spans {rate}·({kernel} − 1) + 1 = {span} rows; floor(({size} + 2·{padding} − {span}) "
        f"/ {stride}) + 1 = {places}.",
        unit="pixels",
    )


@template(topic="padding", difficulty=0.35)
def conv_same_size(d: Draw) -> Question:
    """Output width of a strided convolution with SAME padding."""
    size, kernel, stride = d.integer(20, 256), d.choose(5, 7, 9, 11), d.choose(2, 3, 4, 5)
    key = conv_shape((1, size, 1, 1), (kernel, 1, 1, 1), (stride, 1), "SAME")[1]
    half = kernel // 2
    return Question(
        stem=f"An input is {size} pixels wide. A convolution has a kernel of width {kernel}, stride {stride} "
        f'and padding "SAME", as '
        "JAX defines it. How many pixels wide is the output?",
        key=jnp.asarray(key),
        second=len(range(0, size, stride)),  # one output for every stride-th input pixel
        wrong=[
            Wrong("same width", size, "SAME keeps the width only for stride 1; otherwise it is divided by the stride."),
            Wrong("rounded down", size // stride, "SAME pads enough for the last, incomplete step: round up."),
            Wrong("valid", (size - kernel) // stride + 1, "That is the width without padding (VALID)."),
            Wrong(
                "padding on one side",
                (size + half - kernel) // stride + 1,
                "SAME pads kernel − 1 pixels in all, not half of that.",
            ),
            Wrong(
                "full padding",
                (size + kernel - 2) // stride + 1,
                "SAME pads kernel − 1 pixels in all, not on each side.",
            ),
            Wrong("valid, no stride", size - kernel + 1, "SAME pads, and the kernel moves by the stride."),
            Wrong("no plus one", (size - 1) // stride, "The first place of the kernel counts too: add one."),
            Wrong(
                "one too many", size // stride + 1, "Round the quotient up; adding one is too much when it is whole."
            ),
        ],
        explanation=f"With SAME the width is ceil({size} / {stride}) = {key}; the kernel's width does not matter.",
        unit="pixels",
    )


@template(topic="padding", difficulty=0.45)
def conv_asymmetric_padding(d: Draw) -> Question:
    """Output width with different padding on the two sides."""
    size, kernel, stride = d.integer(16, 128), d.choose(3, 4, 5, 6), d.choose(1, 2, 3)
    left, right = d.sample(range(2, 9), 2)

    def width(padding: int, step: int = stride) -> int:
        return (size + padding - kernel) // step + 1

    shape = conv_shape((1, 1, size, 1), (1, kernel, 1, 1), (1, stride), ((0, 0), (left, right)))
    row = ["0"] * left + ["x"] * size + ["0"] * right
    return Question(
        stem=f"An input is {size} pixels wide. A convolution with a kernel of width {kernel} and stride {stride} pads "
        f"it with {left} columns of zeros on the left and {right} on the right. How many pixels wide is the output?",
        key=jnp.asarray(shape[2]),
        second=sum(len(row[start : start + kernel]) == kernel for start in range(0, len(row), stride)),
        wrong=[
            Wrong("no padding", width(0), "You left the padding out."),
            Wrong("left only", width(left), "The columns on the right count too."),
            Wrong("right only", width(right), "The columns on the left count too."),
            Wrong("left twice", width(2 * left), "The two sides differ: add both, do not double one."),
            Wrong("right twice", width(2 * right), "The two sides differ: add both, do not double one."),
            Wrong("both doubled", width(2 * left + 2 * right), "Each side is padded once."),
            Wrong("no plus one", width(left + right) - 1, "The first place of the kernel counts too: add one."),
            Wrong("no stride", width(left + right, 1), "The kernel moves by the stride: divide by it."),
        ],
        explanation=f"floor(({size} + {left} + {right} − {kernel}) / {stride}) + 1 = {width(left + right)}.",
        unit="pixels",
    )
