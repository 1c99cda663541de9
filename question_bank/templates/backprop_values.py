"""Gradients of small networks by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed, signed
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third")


def _tanh_loss(w: float, v: float, x: float, target: float) -> jax.Array:
    return jnp.square(v * jnp.tanh(w * x) - target)


def _relu_loss(w: jax.Array, v: jax.Array, x: float, target: float) -> jax.Array:
    return jnp.asarray(optax.l2_loss(jnp.dot(v, jax.nn.relu(w * x)), target))


_first_gradient = jax.jit(jax.grad(_tanh_loss, argnums=0))
_second_gradient = jax.jit(jax.grad(_tanh_loss, argnums=1))
_relu_gradient = jax.jit(lambda w, v, x, target, unit: jax.grad(_relu_loss)(w, v, x, target)[unit])
_neuron_gradient = jax.jit(jax.grad(lambda w, x, b: jax.nn.sigmoid(w * x + b)))
_power_gradient = jax.jit(jax.grad(lambda x, a, b: (a * x + b) ** 3))
_logit_gradient = jax.jit(
    lambda z, label, index: jax.grad(optax.softmax_cross_entropy_with_integer_labels)(z, label)[index]
)


def _two_neurons(d: Draw) -> tuple[float, float, float, float, float, float]:
    """First weight, second weight, input, target, hidden value, error."""
    w, v, x = d.decimal(-1.5, 1.5), d.decimal(-2.0, 2.0), d.decimal(-1.5, 1.5)
    target = d.decimal(-1.5, 1.5)
    h = math.tanh(w * x)
    error = v * h - target
    d.need(
        min(abs(w), abs(v), abs(x), abs(target)) > 0.25 and abs(v * h) > 0.1 and abs(error) > 0.25 and abs(w * x) < 1.8
    )
    return w, v, x, target, h, error


@template(topic="backpropagation", level="analyse", difficulty=0.6)
def backprop_first_weight(d: Draw) -> Question:
    """Gradient of the first weight of a two-neuron network."""
    w, v, x, target, h, error = _two_neurons(d)
    slope = 1 - h * h
    right = 2 * error * v * slope * x
    return Question(
        stem=f"A network computes h = tanh(w·x) and y = v·h, and its loss is (y − t)². The numbers are w = {w}, v = "
        f"{v}, x = {x} and t = {target}. What is the derivative of the loss with respect to w?",
        key=_first_gradient(w, v, x, target),
        second=2 * error * v * x / math.cosh(w * x) ** 2,
        wrong=[
            Wrong("no two", right / 2, "The derivative of the square brings a factor 2."),
            Wrong("no slope", 2 * error * v * x, "Multiply by the slope of tanh, 1 − h²."),
            Wrong("no second weight", 2 * error * slope * x, "On its way back the gradient passes the weight v."),
            Wrong("no input", 2 * error * v * slope, "The derivative of w·x with respect to w is x."),
            Wrong("sign of the error", -right, "The error is y − t, not t − y."),
            Wrong("second weight's gradient", 2 * error * h, "This is the derivative with respect to v."),
            Wrong(
                "sigmoid's slope",
                2 * error * v * h * (1 - h) * x,
                "h(1 − h) is the slope of the sigmoid; that of tanh is 1 − h².",
            ),
            Wrong("weight for input", 2 * error * v * slope * w, "Multiply by the input x, not by the weight w."),
        ],
        explanation=f"h = {h:.4f}, y − t = {error:.4f}; 2·(y − t)·v·(1 − h²)·x = {right:.3f}.",
        places=3,
    )


@template(topic="backpropagation", difficulty=0.5)
def backprop_second_weight(d: Draw) -> Question:
    """Gradient of the second weight of a two-neuron network."""
    w, v, x, target, h, error = _two_neurons(d)
    right = 2 * error * h
    return Question(
        stem=f"A network computes h = tanh(w·x) and y = v·h, and its loss is (y − t)². The numbers are w = {w}, v = "
        f"{v}, x = {x} and t = {target}. What is the derivative of the loss with respect to v?",
        key=_second_gradient(w, v, x, target),
        second=2 * v * h * h - 2 * target * h,
        wrong=[
            Wrong("no two", error * h, "The derivative of the square brings a factor 2."),
            Wrong("no hidden value", 2 * error, "The derivative of v·h with respect to v is h."),
            Wrong("input", 2 * error * x, "v multiplies the hidden value, not the input."),
            Wrong("sign of the error", -right, "The error is y − t, not t − y."),
            Wrong("no tanh", 2 * (v * w * x - target) * w * x, "The hidden value is tanh(w·x)."),
            Wrong("weight", 2 * error * v, "The derivative of v·h with respect to v is h, not v."),
            Wrong("with slope", 2 * error * h * (1 - h * h), "tanh lies before v: its slope does not enter here."),
            Wrong(
                "first weight's gradient", 2 * error * v * (1 - h * h) * x, "This is the derivative with respect to w."
            ),
        ],
        explanation=f"h = {h:.4f}, y − t = {error:.4f}; 2·(y − t)·h = {right:.3f}.",
        places=3,
    )


@template(topic="relu", level="analyse", difficulty=0.6)
def backprop_dead_relu(d: Draw) -> Question:
    """Gradient of a weight before ReLU units of which one is inactive."""
    w, v, x, target = d.decimals(2, -1.5, 1.5), d.decimals(2, -2.0, 2.0), d.decimal(-2.0, 2.0), d.decimal(-2.0, 2.0)
    unit = d.integer(0, 1)
    z = [weight * x for weight in w]
    d.need(min(map(abs, (*w, *v, x))) > 0.25 and z[0] * z[1] < 0)
    y = math.fsum(b * max(0.0, a) for a, b in zip(z, v, strict=True))
    linear = math.fsum(b * a for a, b in zip(z, v, strict=True))
    error = y - target
    d.need(abs(error) > 0.25 and abs(linear - target) > 0.25)
    active = z[unit] > 0
    return Question(
        stem=f"A network has two hidden ReLU units without biases, with the weights w₁ = {w[0]} and w₂ = {w[1]} from "
        f"its only input x = {x}. Its output is y = {v[0]}·h₁ {signed(v[1])}·h₂, and the loss is (y − t)²/2 with t = "
        f"{target}. What is the derivative of the loss with respect to w{'₁₂'[unit]}?",
        key=_relu_gradient(np.array(w), np.array(v), x, target, unit),
        second=error * v[unit] * x if active else 0.0,
        wrong=[
            Wrong("inactive", 0.0, "The sum before this ReLU is positive: the gradient passes."),
            Wrong(
                "ReLU ignored",
                (linear - target) * v[unit] * x,
                "ReLU cuts off the unit whose sum is negative, forwards and backwards.",
            ),
            Wrong("passed through", error * v[unit] * x, "The sum before this ReLU is negative: no gradient passes."),
            Wrong(
                "other weight",
                error * v[1 - unit] * x,
                "On its way back the gradient passes the weight of its own unit.",
            ),
            Wrong("no input", error * v[unit], "The derivative of w·x with respect to w is x."),
            Wrong("sign", -error * v[unit] * x, "The error is y − t, not t − y."),
            Wrong("doubled", 2 * error * v[unit] * x, "The factor 1/2 in the loss cancels the 2."),
            Wrong("no second weight", error * x, "On its way back the gradient passes the second layer's weight."),
        ],
        explanation=f"The sums are {z[0]:.2f} and {z[1]:.2f}; "
        + (f"(y − t)·v·x = {error * v[unit] * x:.3f}." if active else "this unit is inactive, so its gradient is 0."),
        places=3,
    )


@template(topic="backpropagation", difficulty=0.5)
def chain_rule_sigmoid(d: Draw) -> Question:
    """Derivative of a sigmoid neuron with respect to its weight."""
    w, x, b = d.decimal(-1.5, 1.5), d.decimal(-3.0, 3.0), d.decimal(-1.0, 1.0)
    z = w * x + b
    d.need(0.15 < abs(z) < 2.5 and abs(w) > 0.25 and abs(x) > 0.4 and abs(abs(x) - 1) > 0.15 and abs(b) > 0.1)
    s = 1 / (1 + math.exp(-z))
    slope = s * (1 - s)
    return Question(
        stem=f"A neuron computes y = σ(w·x + b) with the sigmoid σ, w = {w}, x = {x} and b = {b}. What is the "
        "derivative of y with respect to w?",
        key=_neuron_gradient(w, x, b),
        second=x / (2 + 2 * math.cosh(z)),
        wrong=[
            Wrong(
                "no inner derivative",
                slope,
                "By the chain rule, multiply by the derivative of the sum with respect to w.",
            ),
            Wrong("with respect to x", slope * w, "This is the derivative with respect to x."),
            Wrong("value", s * x, "Take the slope of the sigmoid, s(1 − s), not its value."),
            Wrong("tanh's slope", (1 - s * s) * x, "1 − s² is the slope of tanh."),
            Wrong("sum in the formula", z * (1 - z) * x, "Put s = σ(z) into s(1 − s), not z."),
            Wrong("largest slope", x / 4, "The slope is 1/4 only where the sum is 0."),
            Wrong("sign", -slope * x, "The slope of the sigmoid is positive."),
            Wrong("one minus", (1 - s) * x, "The slope is s(1 − s)."),
        ],
        explanation=f"s = {s:.4f}; s(1 − s)·x = {slope * x:.3f}.",
        places=3,
    )


@template(topic="automatic differentiation", difficulty=0.4)
def chain_rule_power(d: Draw) -> Question:
    """Derivative of a power of a linear function."""
    a, b, x = d.decimal(-2.5, 2.5), d.decimal(-2.0, 2.0), d.decimal(-2.0, 2.0)
    u = a * x + b
    d.need(abs(a) > 0.35 and abs(abs(a) - 1) > 0.15 and abs(b) > 0.2 and abs(x) > 0.2 and 0.4 < abs(u) < 3)
    right = 3 * a * u * u
    return Question(
        stem=f"With a = {a} and b = {b}, `jax.grad` differentiates f(x) = (a·x + b)³ with respect to x. What does it "
        f"give at x = {x}?",
        key=_power_gradient(x, a, b),
        second=3 * a**3 * x**2 + 6 * a**2 * b * x + 3 * a * b**2,
        wrong=[
            Wrong("no inner derivative", 3 * u * u, "By the chain rule, multiply by the inner derivative a."),
            Wrong("no outer factor", a * u * u, "The exponent 3 comes down as a factor."),
            Wrong("value", u**3, "This is the value of the function."),
            Wrong("exponent kept", 3 * a * u**3, "The exponent falls by one, to 2."),
            Wrong("inner function", 3 * a * x * x, "The outer derivative is taken at a·x + b, not at x."),
            Wrong("sign", -right, "Look at the sign of a again."),
            Wrong("no bias", 3 * a * (a * x) ** 2, "b is part of the inner function."),
            Wrong("input for inner derivative", 3 * x * u * u, "The inner derivative is a, not x."),
        ],
        explanation=f"3·(a·x + b)²·a = 3·{inside(u, '.2f')}²·{inside(a)} = {right:.3f}.",
        places=3,
    )


@template(topic="cross-entropy", difficulty=0.5)
def softmax_cross_entropy_gradient(d: Draw) -> Question:
    """Derivative of the softmax cross-entropy with respect to a logit."""
    z, label, index = d.decimals(3, -2.0, 2.5), d.integer(0, 2), d.integer(0, 2)
    total = math.fsum(map(math.exp, z))
    p = math.exp(z[index]) / total
    y = float(index == label)
    own = math.exp(z[label]) / total
    return Question(
        stem=f"The logits of three classes are {listed(z)}, and the {ORDINALS[label]} class is the right one. What is "
        f"the derivative of the softmax cross-entropy (natural logarithm) with respect to the {ORDINALS[index]} logit?",
        key=_logit_gradient(np.array(z), label, index),
        second=1 / math.fsum(math.exp(v - z[index]) for v in z) - y,
        wrong=[
            Wrong("probability", p, "Subtract the target: for the right class it is 1.")
            if y
            else Wrong("right class", p - 1, "The target of this class is 0: nothing is subtracted."),
            Wrong("sign", y - p, "The derivative is probability minus target, not the other way round."),
            Wrong("loss", -math.log(own), "This is the loss itself."),
            Wrong(
                "softmax slope",
                p * (1 - p),
                "This is the derivative of the probability; the logarithm changes it to p − y.",
            ),
            Wrong(
                "logarithm's slope",
                -1 / own,
                "This is the derivative with respect to the probability, not to the logit.",
            ),
            Wrong("logit", z[index] - y, "Turn the logit into a probability first."),
            Wrong("sigmoid", 1 / (1 + math.exp(-z[index])) - y, "Divide by the sum over all classes: use the softmax."),
            Wrong("mean over classes", (p - y) / 3, "The derivative is not divided by the number of classes."),
        ],
        explanation=f"Probability minus target: {p:.4f} − {y:.0f} = {p - y:.3f}.",
        places=3,
    )
