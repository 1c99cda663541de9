"""Losses of regression and of margins, and penalties on weights."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import listed, row
from question_bank.templates.engine import Draw, Question, Wrong, template

_mse = jax.jit(lambda predictions, targets: optax.squared_error(predictions, targets).mean())
_mae = jax.jit(lambda predictions, targets: jnp.abs(predictions - targets).mean())
_hinge = jax.jit(lambda scores, labels: optax.hinge_loss(scores, labels).mean())
_with_l2 = jax.jit(lambda loss, weights, rate: loss + rate * optax.tree.norm(weights, squared=True))
_with_l1 = jax.jit(lambda loss, weights, rate: loss + rate * jnp.linalg.norm(weights, ord=1))


def _predictions(d: Draw, count: int) -> tuple[list[float], list[float], list[float]]:
    """Predictions, targets and errors that are neither all of one size nor of one sign."""
    targets = d.decimals(count, 0.0, 6.0)
    errors = [d.choose(-1, 1) * e for e in d.decimals(count, 0.2, 2.6)]
    d.need(min(errors) < 0 < max(errors) and abs(math.fsum(errors)) > 0.3)
    return [round(t + e, 1) for t, e in zip(targets, errors, strict=True)], targets, errors


@template(topic="mean squared error", difficulty=0.3)
def mse_value(d: Draw) -> Question:
    """Mean squared error of a few predictions."""
    n = d.integer(3, 4)
    predictions, targets, errors = _predictions(d, n)
    total = math.fsum(e * e for e in errors)
    return Question(
        stem=f"A model predicts {listed(predictions)}; the targets are {listed(targets)}, in the same order. What is "
        "the mean squared error (the mean over the examples, no factor 1/2)?",
        key=_mse(np.array(predictions), np.array(targets)),
        # Second way: the variance of the errors plus the square of their mean.
        second=math.fsum((e - math.fsum(errors) / n) ** 2 for e in errors) / n + (math.fsum(errors) / n) ** 2,
        wrong=[
            Wrong("sum", total, "Divide the sum of the squares by the number of examples."),
            Wrong("half", total / n / 2, "There is no factor 1/2 here."),
            Wrong("root", math.sqrt(total / n), "This is the root of the mean squared error."),
            Wrong(
                "absolute",
                math.fsum(abs(e) for e in errors) / n,
                "This is the mean absolute error: square the differences.",
            ),
            Wrong("n minus 1", total / (n - 1), "Divide by the number of examples, not by one less."),
            Wrong("mean squared", (math.fsum(errors) / n) ** 2, "Square each difference first, then take the mean."),
            Wrong(
                "sum squared",
                math.fsum(abs(e) for e in errors) ** 2 / n,
                "Square each difference by itself, before you add them.",
            ),
        ],
        explanation=f"The squares of the differences add up to {total:.2f}; divided by {n}: {total / n:.3f}.",
        places=3,
    )


@template(topic="loss functions", difficulty=0.3)
def mae_value(d: Draw) -> Question:
    """Mean absolute error of a few predictions."""
    predictions, targets, errors = _predictions(d, 4)
    size = math.fsum(abs(e) for e in errors)
    square = math.fsum(e * e for e in errors) / 4
    return Question(
        stem=f"A model predicts {listed(predictions)}; the targets are {listed(targets)}, in the same order. What is "
        "the mean absolute error?",
        key=_mae(np.array(predictions), np.array(targets)),
        second=math.fsum(max(p, t) - min(p, t) for p, t in zip(predictions, targets, strict=True)) / 4,
        wrong=[
            Wrong("sum", size, "Divide the sum by the number of examples."),
            Wrong("squared", square, "This is the mean squared error: take absolute values, not squares."),
            Wrong("root mean square", math.sqrt(square), "This is the root of the mean squared error."),
            Wrong("signed", math.fsum(errors) / 4, "Take absolute values: errors of opposite sign must not cancel."),
            Wrong(
                "size of the mean",
                abs(math.fsum(errors)) / 4,
                "Take the absolute value of each difference, not of their mean.",
            ),
            Wrong("n minus 1", size / 3, "Divide by the number of examples, not by one less."),
            Wrong("largest", max(abs(e) for e in errors), "This is the largest error; take the mean of all."),
            Wrong("half", size / 8, "There is no factor 1/2 in the mean absolute error."),
        ],
        explanation=f"The absolute differences add up to {size:.1f}; divided by 4: {size / 4:.3f}.",
        places=3,
    )


@template(topic="hinge loss", difficulty=0.4)
def hinge_value(d: Draw) -> Question:
    """Mean hinge loss of three examples."""
    scores, labels = d.decimals(3, -2.5, 2.5), [d.choose(-1, 1) for _ in range(3)]
    margins = [s * y for s, y in zip(scores, labels, strict=True)]
    d.need(len(set(labels)) == 2 and max(margins) > 1.1 and min(margins) < 0.9 and min(abs(m) for m in margins) > 0.05)
    losses = [max(0.0, 1 - m) for m in margins]
    d.need(sum(losses) > 0.25)
    return Question(
        stem=f"A classifier gives the scores {listed(scores)} to three examples with the labels {listed(labels)}, in "
        "the same order. What is the mean hinge loss, with a margin of 1?",
        key=_hinge(np.array(scores), np.array(labels, float)),
        second=math.fsum(1 - m for m in margins if m < 1) / 3,
        wrong=[
            Wrong("sum", math.fsum(losses), "Take the mean over the three examples."),
            Wrong(
                "no maximum",
                math.fsum(1 - m for m in margins) / 3,
                "An example beyond the margin has the loss 0, not a negative one.",
            ),
            Wrong(
                "no margin",
                math.fsum(max(0.0, -m) for m in margins) / 3,
                "Examples on the right side but within the margin cost something too.",
            ),
            Wrong("squared", math.fsum(v * v for v in losses) / 3, "The hinge loss is not squared."),
            Wrong(
                "mean of the wrong ones",
                math.fsum(losses) / sum(v > 0 for v in losses),
                "The mean also counts examples with the loss 0.",
            ),
            Wrong(
                "labels ignored", math.fsum(max(0.0, 1 - s) for s in scores) / 3, "Multiply each score by its label."
            ),
            Wrong(
                "labels turned",
                math.fsum(max(0.0, 1 + m) for m in margins) / 3,
                "The loss is max(0, 1 − y·score), with a minus sign.",
            ),
            Wrong("halved", math.fsum(losses) / 6, "There is no factor 1/2 in the hinge loss."),
        ],
        explanation=f"The losses max(0, 1 − y·score) are {listed([round(v, 2) for v in losses])}; their mean is "
        f"{math.fsum(losses) / 3:.3f}.",
        places=3,
    )


@template(topic="weight decay", difficulty=0.4)
def l2_penalty(d: Draw) -> Question:
    """Loss with an L2 penalty."""
    loss, rate = d.decimal(0.2, 1.5, 2), d.choose(0.01, 0.02, 0.05, 0.1, 0.2)
    weights, bias = d.decimals(3, -2.5, 2.5), d.decimal(0.5, 2.0)
    d.need(all(abs(w) > 0.15 for w in weights) and abs(math.fsum(weights)) > 0.3)
    square = math.fsum(w * w for w in weights)
    size = math.fsum(abs(w) for w in weights)
    return Question(
        stem=f"The data loss of a model is {loss}. Its weights are {row(weights)} and its bias is {bias}. Only the "
        f"weights are penalised, with λ = {rate} times the sum of their squares (no factor 1/2). What is the whole "
        "loss?",
        key=_with_l2(loss, np.array(weights), rate),
        second=loss + rate * math.hypot(*weights) ** 2,
        wrong=[
            Wrong("half", loss + rate * square / 2, "There is no factor 1/2 here."),
            Wrong("bias penalised", loss + rate * (square + bias * bias), "The bias is not penalised here."),
            Wrong("L1", loss + rate * size, "This is an L1 penalty: square the weights."),
            Wrong("norm", loss + rate * math.sqrt(square), "Add the squares; do not take the root."),
            Wrong("no rate", loss + square, "Multiply the sum of squares by λ."),
            Wrong("penalty alone", rate * square, "Add the data loss to the penalty."),
            Wrong("square of the sum", loss + rate * math.fsum(weights) ** 2, "Square each weight, then add."),
            Wrong("subtracted", loss - rate * square, "The penalty makes the loss larger: add it."),
        ],
        explanation=f"{loss} + {rate}·{square:.2f} = {loss + rate * square:.4f}.",
        places=3,
    )


@template(topic="regularisation", difficulty=0.35)
def l1_penalty(d: Draw) -> Question:
    """Loss with an L1 penalty."""
    loss, rate = d.decimal(0.2, 1.5, 2), d.choose(0.02, 0.05, 0.1, 0.2, 0.3)
    weights, bias = d.decimals(4, -2.0, 2.0), d.decimal(0.5, 2.0)
    d.need(all(abs(w) > 0.15 for w in weights) and min(weights) < 0 < max(weights))
    square = math.fsum(w * w for w in weights)
    size = math.fsum(abs(w) for w in weights)
    return Question(
        stem=f"The data loss of a model is {loss}. Its weights are {row(weights)} and its bias is {bias}. Only the "
        f"weights are penalised, with the L1 penalty with λ = {rate}. What is the whole loss?",
        key=_with_l1(loss, np.array(weights), rate),
        second=loss + rate * (math.fsum(w for w in weights if w > 0) - math.fsum(w for w in weights if w < 0)),
        wrong=[
            Wrong(
                "signs kept",
                loss + rate * math.fsum(weights),
                "Take the absolute values: weights of opposite sign must not cancel.",
            ),
            Wrong("bias penalised", loss + rate * (size + bias), "The bias is not penalised here."),
            Wrong("L2", loss + rate * square, "This penalty adds the squares; L1 adds the absolute values."),
            Wrong("norm", loss + rate * math.sqrt(square), "This is the Euclidean norm; L1 adds the absolute values."),
            Wrong("mean", loss + rate * size / 4, "Add the absolute values; do not take their mean."),
            Wrong("no rate", loss + size, "Multiply the sum of absolute values by λ."),
            Wrong("penalty alone", rate * size, "Add the data loss to the penalty."),
            Wrong("subtracted", loss - rate * size, "The penalty makes the loss larger: add it."),
        ],
        explanation=f"{loss} + {rate}·{size:.1f} = {loss + rate * size:.3f}.",
        places=3,
    )
