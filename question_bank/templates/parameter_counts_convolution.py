"""Parameters of convolutional layers: ordinary, grouped, separable, with batch normalisation."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen

from question_bank.templates._shapes import parameters
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="convolutional networks", difficulty=0.35)
def conv_parameters(d: Draw) -> Question:
    """Parameters of a convolutional layer, with or without biases."""
    side, kernel, bias = d.integer(8, 32), d.choose(3, 5, 7), d.choose(True, False)
    a, b = d.choose(3, 4, 6, 8, 12, 16, 24, 32), d.choose(8, 10, 12, 16, 20, 24, 32, 48, 64)
    layer = linen.Conv(b, (kernel, kernel), use_bias=bias)
    weights, own = kernel * kernel * a * b, b if bias else 0
    return Question(
        stem=f"A convolutional layer has {b} filters of {kernel}×{kernel} "
        f"{'and a bias per filter' if bias else 'and no biases'}. It reads maps of {side}×{side} pixels with {a} "
        "channels. How many trainable parameters does it have?",
        key=jnp.asarray(parameters(layer, (1, 8, 8, a))),
        second=sum(kernel * kernel * a + int(bias) for _ in range(b)),  # filter by filter
        wrong=[
            Wrong("wrong biases", weights + b - own, "Look again at whether the filters have biases."),
            Wrong("one channel", kernel * kernel * b + own, "Every filter reads all channels."),
            Wrong("one side of the kernel", kernel * a * b + own, "A filter has kernel × kernel weights per channel."),
            Wrong("one filter", kernel * kernel * a + int(bias), "Count all filters."),
            Wrong("channels added", kernel * kernel * (a + b) + own, "Every filter reads every channel: multiply."),
            Wrong("bias per channel and filter", weights + a * b, "A filter has one bias, or none, whatever it reads."),
            Wrong(
                "bias per place", weights + side * side * b, "Weights and biases are shared by all places of the map."
            ),
            Wrong("one weight more", (kernel * kernel * a + 2) * b, "Count the weights of a filter once more."),
            Wrong("dense", side * side * a * b + own, "The kernel's size counts, not the size of the map."),
        ],
        explanation=f"{b} filters of {kernel}·{kernel}·{a}{' + 1' if bias else ''} numbers: {weights + own}.",
    )


@template(topic="grouped convolution", difficulty=0.55)
def grouped_conv_parameters(d: Draw) -> Question:
    """Parameters of a grouped convolution."""
    kernel, groups = d.choose(3, 5, 7), d.choose(2, 3, 4, 6, 8)
    a, b = groups * d.integer(2, 12), groups * d.integer(2, 12)
    d.need(a != b)
    size = kernel * kernel
    layer = linen.Conv(b, (kernel, kernel), feature_group_count=groups)
    per_group = (a // groups) * (b // groups) * size + b // groups
    weights = size * (a // groups) * b
    return Question(
        stem=f"A grouped convolution with {groups} groups maps {a} channels to {b} channels: each group reads "
        f"{a // groups} channels and makes {b // groups}. The kernels are {kernel}×{kernel}, and every output channel "
        "has a bias. How many trainable parameters are there?",
        key=jnp.asarray(parameters(layer, (1, 8, 8, a))),
        second=groups * per_group,
        wrong=[
            Wrong("not grouped", size * a * b + b, "A filter reads only the channels of its group."),
            Wrong("no biases", weights, "You forgot the biases."),
            Wrong("one group", per_group, "Count all groups."),
            Wrong("biases of one group", weights + b // groups, "Every output channel has a bias, in every group."),
            Wrong("a bias per group", weights + groups, "Biases belong to output channels, not to groups."),
            Wrong(
                "biases in every group",
                weights + b * groups,
                "Each output channel belongs to one group and has one bias.",
            ),
            Wrong("biases of the inputs", weights + a + b, "Input channels have no biases."),
            Wrong(
                "a bias per channel read",
                weights + b * (a // groups),
                "An output channel has one bias, however many channels it reads.",
            ),
        ],
        explanation=f"{b} filters of {kernel}·{kernel}·{a // groups} + 1 numbers: {weights + b}.",
    )


@template(topic="grouped convolution", difficulty=0.6)
def separable_conv_parameters(d: Draw) -> Question:
    """Parameters of a depthwise separable convolution."""
    kernel, a, b = d.choose(3, 5, 7), d.integer(2, 24) * 2, d.integer(3, 32) * 3
    d.need(a != b)
    size = kernel * kernel
    deep = parameters(linen.Conv(a, (kernel, kernel), feature_group_count=a), (1, 8, 8, a))
    point = parameters(linen.Conv(b, (1, 1)), (1, 8, 8, a))
    total = (size + 1) * a + (a + 1) * b
    return Question(
        stem=f"A depthwise separable convolution maps {a} channels to {b}: one {kernel}×{kernel} filter per input "
        "channel, then a 1×1 convolution. Both steps have a bias per output channel of the step. How many trainable "
        "parameters are there in all?",
        key=jnp.asarray(deep + point),
        second=total,
        wrong=[
            Wrong("ordinary convolution", size * a * b + b, "The depthwise step does not mix channels."),
            Wrong("no biases", size * a + a * b, "You forgot the biases."),
            Wrong("depthwise only", (size + 1) * a, "The 1×1 convolution has parameters too."),
            Wrong("pointwise only", (a + 1) * b, "The depthwise step has parameters too."),
            Wrong("biases of the second step only", total - a, "The depthwise step has biases too, one per channel."),
            Wrong(
                "depthwise per output",
                (size + 1) * b + (a + 1) * b,
                "The depthwise step has one filter per input channel.",
            ),
            Wrong(
                "full first step",
                size * a * a + a + (a + 1) * b,
                "In the depthwise step a filter reads one channel only.",
            ),
            Wrong("three biases", total + a, "Each step has one bias per channel that it makes."),
            Wrong("second biases twice", total + b, "Each step has one bias per channel that it makes."),
        ],
        explanation=f"Depthwise {kernel}·{kernel}·{a} + {a}, pointwise {a}·{b} + {b}: {total} in all.",
    )


@template(topic="batch normalisation", difficulty=0.45)
def conv_batch_norm_parameters(d: Draw) -> Question:
    """Trainable parameters of a convolution followed by batch normalisation."""
    kernel, a, b, side = d.choose(3, 5), d.choose(3, 4, 6, 8, 12, 16), d.integer(4, 48) * 2, d.integer(10, 32)
    weights = kernel * kernel * a * b
    conv = parameters(linen.Conv(b, (kernel, kernel), use_bias=False), (1, 8, 8, a))
    norm = parameters(linen.BatchNorm(use_running_average=True), (1, 8, 8, b))
    return Question(
        stem=f"A convolution with {b} filters of {kernel}×{kernel} and no biases reads {a} channels of {side}×{side} "
        "pixels. Batch normalisation per channel, with a trainable scale and shift, follows. How many trainable "
        "parameters do the two layers have together?",
        key=jnp.asarray(conv + norm),
        second=sum(kernel * kernel * a + 2 for _ in range(b)),
        wrong=[
            Wrong("no normalisation", weights, "Scale and shift are trained."),
            Wrong("one pair", weights + 2, "Every channel has a scale and a shift of its own."),
            Wrong("scale only", weights + b, "Every channel has a shift as well as a scale."),
            Wrong("running statistics", weights + 4 * b, "The running mean and variance are not trained."),
            Wrong("a bias too", weights + 3 * b, "The convolution has no biases: the shift makes them needless."),
            Wrong("pair per pixel", weights + 2 * b * side * side, "All pixels of a channel share scale and shift."),
            Wrong("input channels", weights + 2 * a, "The normalised channels are those that the convolution makes."),
            Wrong("pair per weight", 3 * weights, "Scale and shift belong to channels, not to weights."),
        ],
        explanation=f"{kernel}·{kernel}·{a}·{b} weights and 2·{b} for scale and shift: {weights + 2 * b}.",
    )
