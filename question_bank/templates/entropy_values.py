"""Cross-entropies by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.template import Draw, Question, Wrong, template
from question_bank.templates._writing import listed, row

ORDINALS = ("first", "second", "third", "fourth")

_binary = jax.jit(lambda p, y: optax.sigmoid_binary_cross_entropy(jax.scipy.special.logit(p), y).mean())
_binary_logit = jax.jit(lambda z, y: optax.sigmoid_binary_cross_entropy(z, y))
_from_probabilities = jax.jit(lambda p, label: optax.softmax_cross_entropy_with_integer_labels(jnp.log(p), label))
_from_logits = jax.jit(lambda z, label: optax.softmax_cross_entropy_with_integer_labels(z, label))
_smoothed = jax.jit(lambda p, label, alpha: optax.softmax_cross_entropy(jnp.log(p), optax.smooth_labels(jax.nn.one_hot(label, 3), alpha)))
_smoothed_target = jax.jit(lambda classes, alpha: optax.smooth_labels(jax.nn.one_hot(0, classes), alpha)[0], static_argnums=0)


def _distribution(d: Draw) -> list[float]:
    """Three different probabilities with two decimals."""
    first, second = d.decimal(0.05, 0.75, 2), d.decimal(0.05, 0.75, 2)
    third = round(1 - first - second, 2)
    d.need(third >= 0.05 and len({first, second, third}) == 3)
    return [first, second, third]


@template(topic="binary cross-entropy", difficulty=0.4)
def bce_from_probabilities(d: Draw) -> Question:
    """Mean binary cross-entropy of two predictions."""
    p, q = d.decimals(2, 0.08, 0.92, 2)
    d.need(abs(p - q) > 0.05 and abs(p + q - 1) > 0.05)
    one, other = math.log(p), math.log(1 - q)
    loss = -(one + other) / 2
    return Question(
        stem=f"A binary classifier gives the probability of class 1. For an example of class 1 it gives {p}, for an example of class 0 it "
        f"gives {q}. What is the mean binary cross-entropy of the two, with the natural logarithm?",
        key=_binary(np.array([p, q]), np.array([1.0, 0.0])),
        second=-math.log(math.sqrt(p * (1 - q))),
        wrong=[
            Wrong("sum", 2 * loss, "Take the mean of the two losses."),
            Wrong("both as class 1", -(one + math.log(q)) / 2, "For class 0 the loss is −ln(1 − p)."),
            Wrong("classes swapped", -(math.log(1 - p) + math.log(q)) / 2, "For class 1 the loss is −ln(p), for class 0 it is −ln(1 − p)."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("sign", -loss, "The cross-entropy is positive: turn the sign of the logarithms."),
            Wrong("error", (1 - p + q) / 2, "This is the mean error; take the logarithms of the probabilities."),
            Wrong("class 1 alone", -one, "The example of class 0 counts too."),
        ],
        explanation=f"(−ln({p}) − ln(1 − {q})) / 2 = {loss:.3f}.",
        places=3,
    )


@template(topic="binary cross-entropy", difficulty=0.45)
def bce_from_logit(d: Draw) -> Question:
    """Binary cross-entropy from a logit."""
    z, y = d.decimal(-3.0, 3.0, 2), d.integer(0, 1)
    d.need(abs(z) > 0.2)
    signed = z if y else -z
    p = 1 / (1 + math.exp(-signed))
    loss = math.log(1 + math.exp(-signed))
    return Question(
        stem=f"The logit of a binary classifier is {z}, and the example is of class {y}. What is the binary cross-entropy, with the natural "
        "logarithm?",
        key=_binary_logit(z, float(y)),
        second=-math.log(p),
        wrong=[
            Wrong("other class", math.log(1 + math.exp(signed)), "This is the loss of the other class; look at which class has the probability σ(z)."),
            Wrong("probability", p, "This is the probability of the right class; take −ln of it."),
            Wrong("error", 1 - p, "This is the probability of the wrong class; take −ln of that of the right one."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("sign", -loss, "The cross-entropy is positive."),
            Wrong("logarithm of the logit", -math.log(abs(z)), "Turn the logit into a probability before you take the logarithm."),
            Wrong("hinge", max(0.0, 1 - signed), "This is the hinge loss."),
        ],
        explanation=f"The probability of class {y} is {p:.4f}, and −ln of it is {loss:.3f}.",
        places=3,
    )


@template(topic="cross-entropy", difficulty=0.35)
def cross_entropy_from_probabilities(d: Draw) -> Question:
    """Cross-entropy from predicted probabilities."""
    p, label = _distribution(d), d.integer(0, 2)
    own = p[label]
    loss = -math.log(own)
    return Question(
        stem=f"A classifier gives three classes the probabilities {listed(p)}. The {ORDINALS[label]} class is the right one. What is the "
        "cross-entropy, with the natural logarithm?",
        key=_from_probabilities(np.array(p), label),
        second=math.log(1 / own),
        wrong=[
            Wrong("another class", -math.log(p[label - 1]), "Take the probability of the right class."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("binary", -math.fsum(math.log(v if i == label else 1 - v) for i, v in enumerate(p)), "This adds a binary cross-entropy for every class; the target of the others is 0."),
            Wrong("all classes", -math.fsum(map(math.log, p)), "The target is 0 for the other classes: only the right one counts."),
            Wrong("mean over classes", loss / 3, "The sum over the classes is not divided by their number."),
            Wrong("entropy", -math.fsum(v * math.log(v) for v in p), "This is the entropy of the prediction; it does not know the right class."),
            Wrong("error", 1 - own, "Take the logarithm of the probability, not its distance from 1."),
        ],
        explanation=f"−ln({own}) = {loss:.3f}.",
        places=3,
    )


@template(topic="cross-entropy", difficulty=0.45)
def cross_entropy_from_logits(d: Draw) -> Question:
    """Cross-entropy from logits."""
    z, label = d.decimals(3, -2.0, 3.0), d.integer(0, 2)
    own = z[label]
    total = math.fsum(map(math.exp, z))
    loss = math.log(total) - own
    return Question(
        stem=f"A classifier gives three classes the logits {listed(z)}. The {ORDINALS[label]} class is the right one. What is the cross-entropy "
        "of the softmax, with the natural logarithm?",
        key=_from_logits(np.array(z), label),
        second=math.log(math.fsum(math.exp(v - own) for v in z)),
        wrong=[
            Wrong("another class", math.log(total) - z[label - 1], "Take the probability of the right class."),
            Wrong("probability", math.exp(own) / total, "This is the probability of the right class; take −ln of it."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("without the class itself", math.log(total - math.exp(own)) - own, "The sum in the softmax includes the right class itself."),
            Wrong("log-sum-exp", math.log(total), "Subtract the logit of the right class."),
            Wrong("sigmoid", math.log(1 + math.exp(-own)), "This uses a sigmoid; the softmax divides by the sum over all classes."),
            Wrong("hard maximum", max(z) - own, "ln Σ e^z is larger than the largest logit."),
        ],
        explanation=f"ln Σ e^z − z = {math.log(total):.3f} − ({own}) = {loss:.3f}.",
        places=3,
    )


@template(topic="label smoothing", difficulty=0.4)
def label_smoothing_target(d: Draw) -> Question:
    """Target of the right class after label smoothing."""
    classes, alpha = d.integer(3, 40), d.decimal(0.04, 0.3, 2)
    target = 1 - alpha + alpha / classes
    return Question(
        stem=f"Label smoothing with α = {alpha} mixes the one-hot target of {classes} classes with the uniform distribution over all {classes} "
        "classes: (1 − α) of the first plus α of the second. What is the target of the right class?",
        key=_smoothed_target(classes, alpha),
        second=1 - (classes - 1) * alpha / classes,
        wrong=[
            Wrong("not given back", 1 - alpha, "The right class also gets its share of the uniform part."),
            Wrong("only one share taken", 1 - alpha / classes, "The whole α is taken from the right class before the share is added."),
            Wrong("other classes only", 1 - alpha + alpha / (classes - 1), "The uniform part goes to all classes, the right one included."),
            Wrong("added to one", 1 + alpha / classes, "Take α away from the one-hot target first."),
            Wrong("hard", 1.0, "This is the target without smoothing."),
            Wrong("wrong class", alpha / classes, "This is the target of each other class."),
            Wrong("share twice", 1 - alpha + 2 * alpha / classes, "The right class gets one share of the uniform part."),
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
        stem=f"Label smoothing with α = {alpha} gives three classes the targets {row(targets)}. The predicted probabilities are {row(p)}. "
        "What is the cross-entropy, with the natural logarithm?",
        key=_smoothed(np.array(p), label, alpha),
        second=(1 - alpha) * own - share * math.log(p[0] * p[1] * p[2]),
        wrong=[
            Wrong("no smoothing", own, "The other classes have a target above 0: they count too."),
            Wrong("right class alone", targets[label] * own, "The other classes have a target above 0: they count too."),
            Wrong("other classes alone", share * others, "The right class counts too, with its own target."),
            Wrong("one other class", targets[label] * own + share * logs[label - 1], "Both other classes count."),
            Wrong("log base 10", (targets[label] * own + share * others) / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", (targets[label] * own + share * others) / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("not weighted", own + others, "Weight each logarithm with its target."),
            Wrong("roles swapped", -math.fsum(v * math.log(t) for v, t in zip(p, targets, strict=True)), "The logarithm is taken of the predictions, not of the targets."),
        ],
        explanation=f"−Σ target·ln(probability) = {targets[label] * own + share * others:.3f}.",
        places=3,
    )
