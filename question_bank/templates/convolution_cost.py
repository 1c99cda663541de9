"""What a convolution costs."""

from __future__ import annotations

import math

import jax.numpy as jnp

from question_bank.templates._shapes import conv_shape
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="convolution", difficulty=0.5)
def conv_multiply_adds(d: Draw) -> Question:
    """Multiplications of a convolutional layer."""
    size, kernel, stride = d.integer(8, 40), d.choose(3, 5), d.choose(1, 2)
    inputs, filters = d.choose(3, 4, 6, 8, 12, 16), d.choose(4, 8, 10, 12, 16, 24)
    shape, weights = (1, size, size, inputs), (kernel, kernel, inputs, filters)
    out = conv_shape(shape, weights, (stride, stride))
    key = jnp.asarray(math.prod(out) * math.prod(weights[:3]))
    side = len(range(0, size - kernel + 1, stride))
    fits = side * side  # second way: parameters without bias, each used once at every place
    each = kernel * kernel * inputs * filters
    return Question(
        stem=f"A convolution with {filters} filters of {kernel}×{kernel}, stride {stride}, no padding and no bias "
        f"reads one input of {size}×{size} pixels with {inputs} channels. How many multiplications does it take, when "
        "each weight is multiplied at every place?",
        key=key,
        second=fits * each,
        wrong=[
            Wrong("parameters", each, "That is the number of weights: each is used at every place of the output."),
            Wrong("one channel", fits * each // inputs, "Each filter reads all channels of the input."),
            Wrong("one filter", fits * each // filters, "Every filter makes a map of its own."),
            Wrong("one side of the kernel", fits * each // kernel, "A filter has kernel × kernel weights per channel."),
            Wrong("input places", size * size * each, "Count the places of the output, not of the input."),
            Wrong("one side of the output", side * each, "The output has height × width places."),
            Wrong("additions too", 2 * fits * each, "Only multiplications are asked."),
            Wrong(
                "no plus one",
                ((size - kernel) // stride) ** 2 * each,
                "The output is one pixel wider: the first place counts too.",
            ),
            Wrong(
                "rounded up", (-(-(size - kernel) // stride) + 1) ** 2 * each, "A kernel that does not fit is dropped."
            ),
            Wrong("one place more", (side + 1) ** 2 * each, "The output is one pixel narrower."),
        ],
        explanation=f"The output has {side}×{side} places; {side}·{side}·{kernel}·{kernel}·{inputs}·{filters} = "
        f"{fits * each}.",
    )
