"""Label smoothing by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import row
from question_bank.templates.engine import Draw, Question, Wrong, template

_smoothed = jax.jit(
    lambda p, label, alpha: optax.softmax_cross_entropy(
        jnp.log(p), optax.smooth_labels(jax.nn.one_hot(label, 3), alpha)
    )
)


_smoothed_target = jax.jit(
    lambda classes, alpha: optax.smooth_labels(jax.nn.one_hot(0, classes), alpha)[0], static_argnums=0
)


def _distribution(d: Draw) -> list[float]:
    """Three different probabilities with two decimals."""
    first, second = d.decimal(0.05, 0.75, 2), d.decimal(0.05, 0.75, 2)
    third = round(1 - first - second, 2)
    d.need(third >= 0.05 and len({first, second, third}) == 3)
    return [first, second, third]


@template(topic="label smoothing", difficulty=0.4)
def label_smoothing_target(d: Draw) -> Question:
    """Target of the right class after label smoothing."""
    classes, alpha = d.integer(3, 40), d.decimal(0.04, 0.3, 2)
    target = 1 - alpha + alpha / classes
    return Question(
        stem=f"Label smoothing with α = {alpha} mixes the one-hot target of {classes} classes with the uniform "
        f"distribution over all {classes} classes: (1 − α) of the first plus α of the second. What is the target of "
        "the right class?",
        key=_smoothed_target(classes, alpha),
        second=1 - (classes - 1) * alpha / classes,
        wrong=[
            Wrong("not given back", 1 - alpha, "The right class also gets its share of the uniform part."),
            Wrong(
                "only one share taken",
                1 - alpha / classes,
                "The whole α is taken from the right class before the share is added.",
            ),
            Wrong(
                "other classes only",
                1 - alpha + alpha / (classes - 1),
                "The uniform part goes to all classes, the right one included.",
            ),
            Wrong("added to one", 1 + alpha / classes, "Take α away from the one-hot target first."),
            Wrong("hard", 1.0, "This is the target without smoothing."),
            Wrong("wrong class", alpha / classes, "This is the target of each other class."),
            Wrong(
                "share twice", 1 - alpha + 2 * alpha / classes, "The right class gets one share of the uniform part."
            ),
            Wrong("share subtracted", 1 - alpha - alpha / classes, "The share of the uniform part is added."),
        ],
        explanation=f"1 − {alpha} + {alpha}/{classes} = {target:.4f}.",
        places=4,
    )


@template(topic="label smoothing", difficulty=0.55)
def label_smoothing_loss(d: Draw) -> Question:
    """Cross-entropy with smoothed labels."""
    p, label, alpha = _distribution(d), d.integer(0, 2), d.choose(0.06, 0.09, 0.12, 0.15, 0.3)
    share = alpha / 3
    logs = [-math.log(v) for v in p]
    own, others = logs[label], math.fsum(logs) - logs[label]
    targets = [round(1 - 2 * share if i == label else share, 2) for i in range(3)]
    return Question(
        stem=f"Label smoothing with α = {alpha} gives three classes the targets {row(targets)}. The predicted "
        f"probabilities are {row(p)}. What is the cross-entropy, with the natural logarithm?",
        key=_smoothed(np.array(p), label, alpha),
        second=(1 - alpha) * own - share * math.log(p[0] * p[1] * p[2]),
        wrong=[
            Wrong("no smoothing", own, "The other classes have a target above 0: they count too."),
            Wrong(
                "right class alone", targets[label] * own, "The other classes have a target above 0: they count too."
            ),
            Wrong("other classes alone", share * others, "The right class counts too, with its own target."),
            Wrong("one other class", targets[label] * own + share * logs[label - 1], "Both other classes count."),
            Wrong("log base 10", (targets[label] * own + share * others) / math.log(10), "Use the natural logarithm."),
            Wrong(
                "log base 2",
                (targets[label] * own + share * others) / math.log(2),
                "Use the natural logarithm, not the one to base 2.",
            ),
            Wrong("not weighted", own + others, "Weight each logarithm with its target."),
            Wrong(
                "roles swapped",
                -math.fsum(v * math.log(t) for v, t in zip(p, targets, strict=True)),
                "The logarithm is taken of the predictions, not of the targets.",
            ),
        ],
        explanation=f"−Σ target·ln(probability) = {targets[label] * own + share * others:.3f}.",
        places=3,
    )
