"""Derivatives of activation functions."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from question_bank.templates._writing import inside
from question_bank.templates.engine import Draw, Question, Wrong, template

_sigmoid_slope = jax.jit(jax.grad(jax.nn.sigmoid))
_tanh_slope = jax.jit(jax.grad(jnp.tanh))
_elu_slope = jax.jit(jax.grad(jax.nn.elu))
_softplus_slope = jax.jit(jax.grad(jax.nn.softplus))
_softsign_slope = jax.jit(jax.grad(jax.nn.soft_sign))
_sigmoid_slope_at = jax.jit(lambda s: jax.grad(jax.nn.sigmoid)(jax.scipy.special.logit(s)))


@template(topic="sigmoid", difficulty=0.4)
def sigmoid_slope(d: Draw) -> Question:
    """Derivative of the sigmoid at a point."""
    x = d.decimal(-3.0, 3.0, 3)
    d.need(abs(x) > 0.2)
    s = 1 / (1 + math.exp(-x))
    return Question(
        stem=f"What is the derivative of the sigmoid at x = {x}?",
        key=_sigmoid_slope(x),
        second=1 / (2 + math.exp(x) + math.exp(-x)),
        wrong=[
            Wrong("value", s, "This is the sigmoid itself; its derivative is σ(1 − σ)."),
            Wrong("one minus", 1 - s, "Multiply 1 − σ by σ."),
            Wrong("tanh's formula", 1 - s * s, "1 − s² is the formula for tanh; for the sigmoid it is s(1 − s)."),
            Wrong("input in the formula", x * (1 - x), "Put σ(x) into s(1 − s), not x."),
            Wrong("square", s * s, "The derivative is σ times (1 − σ), not σ squared."),
            Wrong("negative", -s * (1 - s), "The sigmoid rises everywhere: its derivative is positive."),
            Wrong("at zero", 0.25, "This is the largest derivative, at x = 0."),
            Wrong("squared twice", (s * (1 - s)) ** 2, "Multiply σ by 1 − σ once; you squared the product."),
        ],
        explanation=f"σ({x}) = {s:.4f} and σ(1 − σ) = {s * (1 - s):.3f}.",
        places=3,
    )


@template(topic="backpropagation", difficulty=0.45)
def sigmoid_slope_from_output(d: Draw) -> Question:
    """Gradient through a sigmoid whose output is known."""
    s, g = d.decimal(0.05, 0.95, 2), d.decimal(-4.0, 4.0)
    d.need(abs(s - 0.5) > 0.04 and abs(g) > 0.3)
    return Question(
        stem=f"A sigmoid unit outputs {s}. The derivative of the loss with respect to this output is {g}. What is the "
        "derivative of the loss with respect to the unit's input (the weighted sum)?",
        key=g * _sigmoid_slope_at(s),
        second=g * (0.25 - (s - 0.5) ** 2),
        wrong=[
            Wrong("no slope", g, "Multiply by the slope of the sigmoid, s(1 − s)."),
            Wrong("output", g * s, "Multiply by s(1 − s), not by the output alone."),
            Wrong("one minus", g * (1 - s), "Multiply by the output as well: the slope is s(1 − s)."),
            Wrong("tanh's slope", g * (1 - s * s), "1 − s² is the slope of tanh."),
            Wrong(
                "slope alone", s * (1 - s), "This is the slope; multiply it by the derivative that comes from above."
            ),
            Wrong("sign", -g * s * (1 - s), "The slope of the sigmoid is positive: the sign stays."),
            Wrong("sigmoid again", g * float(s * (1 - s)) ** 2, "The slope enters once, not squared."),
            Wrong("largest slope", g / 4, "The slope is 0.25 only where the output is 0.5."),
        ],
        explanation=f"{g}·{s}·(1 − {s}) = {g * s * (1 - s):.3f}.",
        places=3,
    )


@template(topic="tanh", difficulty=0.4)
def tanh_slope(d: Draw) -> Question:
    """Derivative of tanh at a point."""
    x = d.decimal(-2.0, 2.0, 3)
    d.need(abs(x) > 0.15)
    t, s = math.tanh(x), 1 / (1 + math.exp(-x))
    return Question(
        stem=f"What is the derivative of tanh at x = {x}?",
        key=_tanh_slope(x),
        second=1 / math.cosh(x) ** 2,
        wrong=[
            Wrong("not squared", 1 - t, "Square tanh(x) before you subtract it from 1."),
            Wrong("sigmoid's formula", t * (1 - t), "s(1 − s) is the formula for the sigmoid; for tanh it is 1 − t²."),
            Wrong("sigmoid's slope", s * (1 - s), "This is the derivative of the sigmoid."),
            Wrong("plus", 1 + t * t, "Subtract the square from 1: no slope of tanh is above 1."),
            Wrong("square alone", t * t, "Subtract the square from 1."),
            Wrong("value", t, "This is tanh itself; its derivative is 1 − tanh²."),
            Wrong("input in the formula", 1 - x * x, "Put tanh(x) into 1 − t², not x."),
            Wrong("at zero", 1.0, "This is the derivative at x = 0, the largest one."),
        ],
        explanation=f"tanh({x}) = {t:.4f} and 1 − tanh² = {1 - t * t:.3f}.",
        places=3,
    )


@template(topic="elu", difficulty=0.45)
def elu_slope(d: Draw) -> Question:
    """Derivative of ELU below zero."""
    x, alpha = d.decimal(-2.5, -0.1, 2), d.decimal(0.4, 2.5)
    d.need(abs(alpha - 1) > 0.15)
    e = math.exp(x)
    return Question(
        stem=f"What is the derivative of ELU with α = {alpha} at x = {x}?",
        key=_elu_slope(x, alpha),
        second=alpha / math.exp(-x),
        wrong=[
            Wrong("value", alpha * (e - 1), "This is the value of ELU; the 1 disappears in the derivative."),
            Wrong("no alpha", e, "α stays as a factor."),
            Wrong("slope above zero", 1.0, "The derivative is 1 only above zero."),
            Wrong("relu", 0.0, "This is the derivative of ReLU; ELU still learns below zero."),
            Wrong("leaky relu", alpha, "α is the derivative of a straight line; ELU is curved below zero."),
            Wrong(
                "sign of the exponent",
                alpha / e,
                "The exponent is x, which is negative: the derivative is smaller than α.",
            ),
            Wrong("power rule", alpha * x * e, "The derivative of e^x is e^x; the power rule does not apply."),
            Wrong("alpha added", alpha * (e + 1), "The derivative of α(e^x − 1) is α·e^x; no further α is added."),
        ],
        explanation=f"The derivative of α(e^x − 1) is α·e^x = {alpha}·e^{inside(x)} = {alpha * e:.3f}.",
        places=3,
    )


@template(topic="softplus", difficulty=0.45)
def softplus_slope(d: Draw) -> Question:
    """Derivative of softplus at a point."""
    x = d.decimal(-2.5, 2.5, 3)
    d.need(abs(x) > 0.1)
    e = math.exp(x)
    return Question(
        stem=f"What is the derivative of softplus, ln(1 + e^x), at x = {x}?",
        key=_softplus_slope(x),
        second=0.5 + math.tanh(x / 2) / 2,
        wrong=[
            Wrong("no inner derivative", 1 / (1 + e), "By the chain rule, multiply 1/(1 + e^x) by e^x."),
            Wrong("relu", float(x > 0), "This is the derivative of ReLU; softplus bends smoothly."),
            Wrong("value", math.log(1 + e), "This is the value of softplus, not its derivative."),
            Wrong(
                "sigmoid's slope",
                e / (1 + e) ** 2,
                "This is the derivative of the sigmoid; the derivative of softplus is the sigmoid.",
            ),
            Wrong("exponential", e, "Divide by 1 + e^x: the derivative of ln(u) is u'/u."),
            Wrong("tanh", math.tanh(x), "The derivative of softplus is the sigmoid, not tanh."),
            Wrong("sign", -e / (1 + e), "Softplus rises everywhere: its derivative is positive."),
        ],
        explanation=f"The derivative is e^x/(1 + e^x), the sigmoid: {e / (1 + e):.3f}.",
        places=3,
    )


@template(topic="softsign", difficulty=0.5)
def softsign_slope(d: Draw) -> Question:
    """Derivative of softsign at a point."""
    x = d.decimal(-2.5, 2.5, 3)
    d.need(abs(x) > 0.1)
    a = 1 + abs(x)
    return Question(
        stem=f"What is the derivative of softsign, x/(1 + |x|), at x = {x}?",
        key=_softsign_slope(x),
        second=a**-2,
        wrong=[
            Wrong("not squared", 1 / a, "The denominator is squared: 1/(1 + |x|)²."),
            Wrong("value", x / a, "This is the value of softsign, not its derivative."),
            Wrong("square of x", 1 / (1 + x * x), "Square 1 + |x| as a whole."),
            Wrong("tanh's slope", 1 - math.tanh(x) ** 2, "This is the derivative of tanh."),
            Wrong("no absolute value", (1 - abs(x)) / a**2, "By the quotient rule the numerator is 1 + |x| − |x| = 1."),
            Wrong("cubed", 1 / a**3, "The denominator is squared, not cubed."),
            Wrong("negative", -1 / a**2, "Softsign rises everywhere: its derivative is positive."),
            Wrong("numerator kept", x / a**2, "By the quotient rule the numerator becomes 1."),
        ],
        explanation=f"1/(1 + |{x}|)² = {a**-2:.3f}.",
        places=3,
    )
