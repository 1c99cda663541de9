"""The output of one neuron with each activation function."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import row
from question_bank.templates.engine import Draw, Question, Wrong, template


def _compiled(f: Callable[[jax.Array], jax.Array]) -> Callable[..., jax.Array]:
    return jax.jit(lambda weights, inputs, bias: f(jnp.dot(weights, inputs) + bias))


_SIGMOID, _TANH, _RELU = _compiled(jax.nn.sigmoid), _compiled(jnp.tanh), _compiled(jax.nn.relu)
_SOFTPLUS, _SOFTSIGN = _compiled(jax.nn.softplus), _compiled(jax.nn.soft_sign)
_LEAKY = _compiled(lambda z: jax.nn.leaky_relu(z, 0.1))
_HARD = _compiled(jax.nn.hard_sigmoid)
_ELU = _compiled(jax.nn.elu)


def _neuron(
    d: Draw,
    name: str,
    compiled: Callable[..., jax.Array],
    f: Callable[[float], float],
    fits: Callable[[float], bool],
    *mistaken: tuple[str, Callable[[float], float], str],
) -> Question:
    """A neuron with two inputs; ``f`` is its activation in plain Python, ``mistaken`` what students take for it."""
    weights, inputs = d.decimals(2, -1.5, 1.5), d.decimals(2, -3.0, 3.0)
    bias = d.decimal(-1.0, 1.0)
    d.need(all(abs(v) > 0.05 for v in (*weights, *inputs, bias)))
    (w1, w2), (x1, x2) = weights, inputs
    z = math.fsum([w1 * x1, w2 * x2, bias])
    d.need(0.15 < abs(z) < 3.5 and fits(z))
    wrong = [
        Wrong("no bias", f(z - bias), "You left the bias out."),
        Wrong("bias subtracted", f(z - 2 * bias), "The bias is added to the weighted sum."),
        Wrong("weights swapped", f(w2 * x1 + w1 * x2 + bias), "The first weight belongs to the first input."),
        Wrong(
            "bias after the activation", f(z - bias) + bias, "Add the bias first, then apply the activation function."
        ),
        Wrong("second input left out", f(w1 * x1 + bias), "Both inputs take part in the weighted sum."),
    ]
    wrong += [Wrong(mistake, g(z), feedback) for mistake, g, feedback in mistaken]
    return Question(
        stem=f"A neuron has the weights {row(weights)} and the bias {bias}, and its activation function is {name}. The "
        f"input is {row(inputs)}. What does the neuron output?",
        key=compiled(np.array(weights), np.array(inputs), bias),
        second=f(z),
        wrong=wrong,
        explanation=f"The weighted sum plus the bias is z = {z:.2f}; the activation function turns it into {f(z):.3f}.",
        places=3,
    )


def _anywhere(z: float) -> bool:
    return True


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


NOT_ACTIVATED = (
    "no activation",
    lambda z: z,
    "This is the weighted sum with the bias; apply the activation function to it.",
)


@template(topic="sigmoid", difficulty=0.35)
def neuron_sigmoid(d: Draw) -> Question:
    """Output of a sigmoid neuron."""
    turned = ("sign of the exponent", lambda z: _logistic(-z), "The exponent is −z: you computed 1 − σ(z).")
    tanh = ("tanh", math.tanh, "This is tanh of the sum; the sigmoid lies between 0 and 1.")
    return _neuron(d, "the sigmoid", _SIGMOID, _logistic, _anywhere, NOT_ACTIVATED, turned, tanh)


@template(topic="tanh", difficulty=0.35)
def neuron_tanh(d: Draw) -> Question:
    """Output of a tanh neuron."""
    sigmoid = ("sigmoid", _logistic, "This is the sigmoid of the sum; tanh lies between -1 and 1.")
    sinh = ("sinh", math.sinh, "Divide by e^z + e^(−z) too: this is the hyperbolic sine.")
    return _neuron(d, "tanh", _TANH, math.tanh, _anywhere, NOT_ACTIVATED, sigmoid, sinh)


@template(topic="relu", difficulty=0.25)
def neuron_relu(d: Draw) -> Question:
    """Output of a ReLU neuron."""
    negative = ("sign", lambda z: -z, "The sum is positive, and ReLU leaves it as it is.")
    zero = ("zero", lambda z: 0.0, "ReLU gives 0 only for a negative sum; this sum is positive.")
    one = ("step", lambda z: 1.0, "This is the step function; ReLU passes a positive sum on unchanged.")
    return _neuron(d, "ReLU", _RELU, lambda z: max(z, 0.0), lambda z: z > 0, negative, zero, one)


@template(topic="leaky relu", difficulty=0.35)
def neuron_leaky_relu(d: Draw) -> Question:
    """Output of a leaky ReLU neuron below zero."""
    relu = ("relu", lambda z: 0.0, "This is plain ReLU; leaky ReLU keeps a tenth of a negative sum.")
    turned = ("sign", lambda z: -0.1 * z, "The slope is positive, so a negative sum stays negative.")
    name = "leaky ReLU with the slope 0.1 below zero"
    return _neuron(d, name, _LEAKY, lambda z: z if z > 0 else z / 10, lambda z: z < 0, NOT_ACTIVATED, relu, turned)


@template(topic="elu", difficulty=0.4)
def neuron_elu(d: Draw) -> Question:
    """Output of an ELU neuron below zero."""
    relu = ("relu", lambda z: 0.0, "This is ReLU; ELU gives e^z − 1 below zero.")
    kept = ("no minus one", math.exp, "Subtract 1 from e^z, so that the curve goes through 0.")
    turned = ("sign", lambda z: 1 - math.exp(z), "Below zero ELU is negative: e^z − 1.")
    return _neuron(
        d,
        "ELU with α = 1",
        _ELU,
        lambda z: z if z > 0 else math.exp(z) - 1,
        lambda z: z < 0,
        NOT_ACTIVATED,
        relu,
        kept,
        turned,
    )


@template(topic="softplus", difficulty=0.4)
def neuron_softplus(d: Draw) -> Question:
    """Output of a softplus neuron."""
    turned = (
        "sign of the exponent",
        lambda z: math.log(1 + math.exp(-z)),
        "Softplus is ln(1 + e^z): the exponent has no minus sign.",
    )
    decadic = ("log base 10", lambda z: math.log10(1 + math.exp(z)), "The logarithm is the natural one.")
    inner = ("no logarithm", lambda z: 1 + math.exp(z), "Take the logarithm of 1 + e^z.")
    name = "softplus (with the natural logarithm)"
    return _neuron(
        d,
        name,
        _SOFTPLUS,
        lambda z: max(z, 0) + math.log(1 + math.exp(-abs(z))),
        _anywhere,
        NOT_ACTIVATED,
        turned,
        decadic,
        inner,
    )


@template(topic="softsign", difficulty=0.35)
def neuron_softsign(d: Draw) -> Question:
    """Output of a softsign neuron."""
    squared = ("square", lambda z: z / (1 + z * z), "Divide by 1 + |z|, not by 1 + z².")
    tanh = ("tanh", math.tanh, "This is tanh; softsign is z / (1 + |z|).")
    positive = (
        "absolute value above",
        lambda z: abs(z) / (1 + abs(z)),
        "The absolute value stands only in the denominator.",
    )
    return _neuron(
        d,
        "softsign",
        _SOFTSIGN,
        lambda z: math.copysign(1 - 1 / (1 + abs(z)), z),
        _anywhere,
        NOT_ACTIVATED,
        squared,
        tanh,
        positive,
    )


@template(topic="hard sigmoid", difficulty=0.4)
def neuron_hard_sigmoid(d: Draw) -> Question:
    """Output of a hard sigmoid neuron."""
    smooth = ("sigmoid", _logistic, "This is the smooth sigmoid; the hard one is a straight line between -3 and 3.")
    sixth = ("no shift", lambda z: z / 6, "Add 3 to the sum before you divide by 6.")
    slope = ("other slope", lambda z: z / 5 + 0.5, "The slope of this hard sigmoid is 1/6, not 1/5.")
    undivided = ("not divided", lambda z: z + 3, "Divide by 6: the output lies between 0 and 1.")
    name = "the hard sigmoid min(max(z + 3, 0), 6)/6"
    return _neuron(d, name, _HARD, lambda z: 0.5 + z / 6, lambda z: abs(z) < 2.9, smooth, sixth, slope, undivided)
