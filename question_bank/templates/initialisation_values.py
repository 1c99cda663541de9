"""Standard deviations and limits of initial weights."""

from __future__ import annotations

import math
from fractions import Fraction

import jax
import jax.numpy as jnp

from question_bank.templates.engine import Draw, Question, Wrong, template

_deviation = jax.jit(lambda scale, fan: jnp.sqrt(scale / fan))
# The limit of a uniform initialiser: the variance of a uniform number between −a and a is a²/3.
_limit = jax.jit(lambda scale, fan: jnp.sqrt(3 * scale / fan))


@template(topic="weight initialisation", difficulty=0.35)
def he_deviation(d: Draw) -> Question:
    """Standard deviation of He initialisation."""
    fan_in, fan_out = d.integer(20, 900), d.integer(20, 900)
    d.need(abs(fan_in - fan_out) > 10)
    return Question(
        stem=f"A dense layer with ReLU has {fan_in} inputs and {fan_out} outputs. What standard deviation does He "
        "initialisation (by the inputs) give its weights?",
        key=_deviation(2.0, fan_in),
        second=math.sqrt(Fraction(2, fan_in)),
        wrong=[
            Wrong("variance", 2 / fan_in, "This is the variance; take its root."),
            Wrong(
                "no two", math.sqrt(1 / fan_in), "ReLU switches off half of the units: the variance is 2/n, not 1/n."
            ),
            Wrong("outputs", math.sqrt(2 / fan_out), "He initialisation counts the inputs."),
            Wrong(
                "Glorot", math.sqrt(2 / (fan_in + fan_out)), "This is Glorot initialisation; He counts the inputs only."
            ),
            Wrong("two outside the root", 2 / math.sqrt(fan_in), "The 2 stands under the root."),
            Wrong(
                "uniform limit",
                math.sqrt(6 / fan_in),
                "This is the limit of the uniform version, not the standard deviation.",
            ),
            Wrong("fourth root", (2 / fan_in) ** 0.25, "Take the root once."),
            Wrong("halved", math.sqrt(1 / (2 * fan_in)), "The variance is 2/n, not 1/(2n)."),
        ],
        explanation=f"√(2/{fan_in}) = {math.sqrt(2 / fan_in):.4f}.",
        places=4,
    )


@template(topic="weight initialisation", difficulty=0.5)
def he_deviation_of_convolution(d: Draw) -> Question:
    """Standard deviation of He initialisation for a convolution."""
    kernel, channels, filters = d.choose(3, 5, 7), d.integer(3, 40), d.integer(4, 64)
    d.need(channels != filters)
    fan = kernel * kernel * channels
    return Question(
        stem=f"A convolution with ReLU has {filters} filters of {kernel}×{kernel} and reads {channels} channels. What "
        "standard deviation does He initialisation (by the inputs) give its weights?",
        key=_deviation(2.0, fan),
        # Second way: count what one output value is made of.
        second=math.sqrt(2 / sum(channels for _ in range(kernel) for _ in range(kernel))),
        wrong=[
            Wrong(
                "channels only",
                math.sqrt(2 / channels),
                "Each output value reads the whole window: multiply by its pixels.",
            ),
            Wrong("window only", math.sqrt(2 / kernel**2), "Each output value reads all channels: multiply by them."),
            Wrong(
                "outputs",
                math.sqrt(2 / (kernel**2 * filters)),
                "He initialisation counts what a value is made of: the input channels, not the filters.",
            ),
            Wrong("one side", math.sqrt(2 / (kernel * channels)), "The window has two sides."),
            Wrong("all weights", math.sqrt(2 / (fan * filters)), "Count the weights of one filter, not of all."),
            Wrong("no two", math.sqrt(1 / fan), "The variance is 2/n, not 1/n."),
            Wrong("variance", 2 / fan, "This is the variance; take its root."),
            Wrong("Glorot", math.sqrt(2 / (kernel**2 * (channels + filters))), "This is Glorot initialisation."),
        ],
        explanation=f"n = {kernel}·{kernel}·{channels} = {fan}, and √(2/{fan}) = {math.sqrt(2 / fan):.4f}.",
        places=4,
    )


@template(topic="weight initialisation", difficulty=0.4)
def glorot_deviation(d: Draw) -> Question:
    """Standard deviation of Glorot initialisation."""
    fan_in, fan_out = d.integer(20, 900), d.integer(20, 900)
    total = fan_in + fan_out
    d.need(abs(fan_in - fan_out) > 10)
    return Question(
        stem=f"A dense layer has {fan_in} inputs and {fan_out} outputs. What standard deviation does Glorot "
        "initialisation (normal distribution) give its weights?",
        key=_deviation(1.0, total / 2),
        second=math.sqrt(Fraction(2, total)),
        wrong=[
            Wrong("variance", 2 / total, "This is the variance; take its root."),
            Wrong("He", math.sqrt(2 / fan_in), "This is He initialisation; Glorot also counts the outputs."),
            Wrong("no two", math.sqrt(1 / total), "The variance is 2 over the sum of inputs and outputs."),
            Wrong("outputs", math.sqrt(2 / fan_out), "Glorot initialisation counts inputs and outputs."),
            Wrong(
                "uniform limit",
                math.sqrt(6 / total),
                "This is the limit of the uniform version, not the standard deviation.",
            ),
            Wrong("inputs only", math.sqrt(1 / fan_in), "Glorot initialisation counts the outputs as well."),
            Wrong("product", math.sqrt(2 / (fan_in * fan_out)), "Add inputs and outputs; do not multiply them."),
        ],
        explanation=f"√(2/({fan_in} + {fan_out})) = {math.sqrt(2 / total):.4f}.",
        places=4,
    )


@template(topic="weight initialisation", difficulty=0.5)
def glorot_limit(d: Draw) -> Question:
    """Limit of the uniform Glorot initialisation."""
    fan_in, fan_out = d.integer(20, 900), d.integer(20, 900)
    total = fan_in + fan_out
    d.need(abs(fan_in - fan_out) > 10)
    return Question(
        stem=f"A dense layer has {fan_in} inputs and {fan_out} outputs. Uniform Glorot initialisation draws its "
        "weights between −a and a. What is a?",
        key=_limit(1.0, total / 2),
        second=math.sqrt(Fraction(6, total)),
        wrong=[
            Wrong("deviation", math.sqrt(2 / total), "This is the standard deviation; the limit is √3 times as large."),
            Wrong("He", math.sqrt(6 / fan_in), "This is He's limit; Glorot also counts the outputs."),
            Wrong("outputs", math.sqrt(6 / fan_out), "Glorot initialisation counts inputs and outputs."),
            Wrong("squared", 6 / total, "Take the root."),
            Wrong(
                "mean", math.sqrt(12 / total), "The 6 stands over the sum of inputs and outputs, not over their mean."
            ),
            Wrong(
                "three",
                math.sqrt(3 / total),
                "The variance is 2/(inputs + outputs) and also a²/3: that makes 6 under the root.",
            ),
            Wrong("width", 2 * math.sqrt(6 / total), "This is the width of the interval; a is half of it."),
        ],
        explanation=f"a²/3 = 2/({fan_in} + {fan_out}), so a = √(6/{total}) = {math.sqrt(6 / total):.4f}.",
        places=4,
    )
