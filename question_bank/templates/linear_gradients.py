"""Gradients of linear and logistic models by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed, row
from question_bank.templates.engine import Draw, Question, Wrong, template

_linear_gradient = jax.jit(jax.grad(lambda w, b, x, t: optax.squared_error(w * x + b, t).mean()))
_bias_gradient = jax.jit(jax.grad(lambda b, w, x, t: optax.squared_error(w * x + b, t).mean()))
_logistic_gradient = jax.jit(jax.grad(lambda w, x, b, y: optax.sigmoid_binary_cross_entropy(jnp.dot(w, x) + b, y)))


def _line(d: Draw) -> tuple[float, float, list[float], list[float], list[float]]:
    """Weight, bias, inputs, targets, errors of a linear model."""
    w, b = d.decimal(-2.0, 2.0), d.decimal(-1.5, 1.5)
    x, t = d.decimals(3, -2.0, 3.0), d.decimals(3, -3.0, 4.0)
    errors = [w * a + b - c for a, c in zip(x, t, strict=True)]
    d.need(abs(w) > 0.25 and abs(b) > 0.15 and abs(math.fsum(errors)) > 0.5)
    return w, b, x, t, errors


@template(topic="mean squared error", difficulty=0.55)
def mse_gradient_of_weight(d: Draw) -> Question:
    """Gradient of the mean squared error with respect to the weight of a line."""
    w, b, x, t, errors = _line(d)
    total = math.fsum(e * a for e, a in zip(errors, x, strict=True))
    d.need(abs(total) > 0.4)
    return Question(
        stem=f"A linear model w·x + b with w = {w} and b = {b} is trained on the inputs {listed(x)} with the targets "
        f"{listed(t)}, in the same order. What is the derivative of the mean squared error (no factor 1/2) with "
        "respect to w?",
        key=_linear_gradient(w, b, np.array(x), np.array(t)),
        # Second way: the coefficients of the parabola in w.
        second=(2 * w * math.fsum(a * a for a in x) + 2 * math.fsum(a * (b - c) for a, c in zip(x, t, strict=True)))
        / 3,
        wrong=[
            Wrong("no two", total / 3, "The derivative of a square brings a factor 2."),
            Wrong("sum", 2 * total, "Divide by the number of examples."),
            Wrong("sign", -2 * total / 3, "The error is prediction minus target."),
            Wrong(
                "no input",
                2 * math.fsum(errors) / 3,
                "Multiply each error by its input; this is the derivative with respect to b.",
            ),
            Wrong(
                "mean input",
                2 * math.fsum(errors) * math.fsum(x) / 9,
                "Multiply each error by its own input before you take the mean.",
            ),
            Wrong("loss", math.fsum(e * e for e in errors) / 3, "This is the loss itself."),
            Wrong(
                "no bias",
                2 * math.fsum((e - b) * a for e, a in zip(errors, x, strict=True)) / 3,
                "The bias is part of the prediction.",
            ),
            Wrong(
                "absolute",
                2 * math.fsum(abs(e) * a for e, a in zip(errors, x, strict=True)) / 3,
                "Errors keep their signs.",
            ),
        ],
        explanation=f"The errors are {listed([round(e, 2) for e in errors])}; 2/3 of Σ error·x = {2 * total / 3:.3f}.",
        places=3,
    )


@template(topic="gradient descent", difficulty=0.55)
def line_bias_after_step(d: Draw) -> Question:
    """Bias of a line after one step on the mean squared error."""
    w, b, x, t, errors = _line(d)
    rate = d.choose(0.05, 0.1, 0.2)
    mean = math.fsum(errors) / 3
    return Question(
        stem=f"A linear model w·x + b with w = {w} and b = {b} is trained on the inputs {listed(x)} with the targets "
        f"{listed(t)}, in the same order. The loss is the mean squared error (no factor 1/2). What is b after one step "
        f"of gradient descent with the learning rate {rate}?",
        key=b - rate * _bias_gradient(b, w, np.array(x), np.array(t)),
        second=b * (1 - 2 * rate) - 2 * rate * math.fsum(w * a - c for a, c in zip(x, t, strict=True)) / 3,
        wrong=[
            Wrong("uphill", b + 2 * rate * mean, "Go against the gradient: subtract it."),
            Wrong("no two", b - rate * mean, "The derivative of a square brings a factor 2."),
            Wrong("sum", b - 6 * rate * mean, "Take the mean over the examples."),
            Wrong("no rate", b - 2 * mean, "Multiply by the learning rate."),
            Wrong(
                "weight's gradient",
                b - 2 * rate * math.fsum(e * a for e, a in zip(errors, x, strict=True)) / 3,
                "The input does not enter in the derivative with respect to b.",
            ),
            Wrong("loss", b - rate * math.fsum(e * e for e in errors) / 3, "Subtract the gradient, not the loss."),
            Wrong("step", -2 * rate * mean, "This is the change of b; add it to b."),
            Wrong("weight", w - 2 * rate * mean, "Start from b, not from w."),
        ],
        explanation=f"The mean error is {mean:.4f}; {b} − {rate}·2·{inside(mean, '.4f')} = {b - 2 * rate * mean:.3f}.",
        places=3,
    )


@template(topic="binary cross-entropy", difficulty=0.55)
def logistic_gradient_of_weight(d: Draw) -> Question:
    """Gradient of the binary cross-entropy with respect to a weight."""
    w, x, b, y = d.decimals(2, -1.5, 1.5), d.decimals(2, -2.5, 2.5), d.decimal(-1.0, 1.0), d.integer(0, 1)
    z = w[0] * x[0] + w[1] * x[1] + b
    d.need(
        0.2 < abs(z) < 2.5 and abs(x[0]) > 0.4 and abs(abs(x[0]) - 1) > 0.15 and abs(x[0] - x[1]) > 0.3 and abs(b) > 0.1
    )
    p = 1 / (1 + math.exp(-z))
    right = (p - y) * x[0]
    return Question(
        stem=f"A logistic classifier has the weights {row(w)} and the bias {b}. An example of class {y} has the "
        f"features {row(x)}. What is the derivative of the binary cross-entropy (natural logarithm) with respect to "
        "the first weight?",
        key=_logistic_gradient(np.array(w), np.array(x), b, float(y))[0],
        second=x[0] * (math.tanh(z / 2) + 1 - 2 * y) / 2,
        wrong=[
            Wrong("no input", p - y, "Multiply by the first feature."),
            Wrong("sign", -right, "The derivative is (probability − target) times the feature."),
            Wrong("other feature", (p - y) * x[1], "The first weight belongs to the first feature."),
            Wrong("sigmoid's slope", right * p * (1 - p), "The slope of the sigmoid cancels against the logarithm."),
            Wrong("other class", (p - 1 + y) * x[0], f"The target of the example is {y}."),
            Wrong("logit", (z - y) * x[0], "Turn the logit into a probability first."),
            Wrong("no bias", (1 / (1 + math.exp(b - z)) - y) * x[0], "Add the bias before the sigmoid."),
            Wrong("doubled", 2 * right, "There is no factor 2: that belongs to the squared error."),
        ],
        explanation=f"p = {p:.4f}; (p − {y})·{inside(x[0])} = {right:.3f}.",
        places=3,
    )
