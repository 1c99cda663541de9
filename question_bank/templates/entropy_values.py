"""Cross-entropies by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third", "fourth")


_binary = jax.jit(lambda p, y: optax.sigmoid_binary_cross_entropy(jax.scipy.special.logit(p), y).mean())


_binary_logit = jax.jit(lambda z, y: optax.sigmoid_binary_cross_entropy(z, y))


_from_probabilities = jax.jit(lambda p, label: optax.softmax_cross_entropy_with_integer_labels(jnp.log(p), label))


_from_logits = jax.jit(lambda z, label: optax.softmax_cross_entropy_with_integer_labels(z, label))


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
        stem=f"A binary classifier gives the probability of class 1. For an example of class 1 it gives {p}, for an "
        f"example of class 0 it gives {q}. What is the mean binary cross-entropy of the two, with the natural "
        "logarithm?",
        key=_binary(np.array([p, q]), np.array([1.0, 0.0])),
        second=-math.log(math.sqrt(p * (1 - q))),
        wrong=[
            Wrong("sum", 2 * loss, "Take the mean of the two losses."),
            Wrong("both as class 1", -(one + math.log(q)) / 2, "For class 0 the loss is −ln(1 − p)."),
            Wrong(
                "classes swapped",
                -(math.log(1 - p) + math.log(q)) / 2,
                "For class 1 the loss is −ln(p), for class 0 it is −ln(1 − p).",
            ),
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
        stem=f"The logit of a binary classifier is {z}, and the example is of class {y}. What is the binary "
        "cross-entropy, with the natural logarithm?",
        key=_binary_logit(z, float(y)),
        second=-math.log(p),
        wrong=[
            Wrong(
                "other class",
                math.log(1 + math.exp(signed)),
                "This is the loss of the other class; look at which class has the probability σ(z).",
            ),
            Wrong("probability", p, "This is the probability of the right class; take −ln of it."),
            Wrong("error", 1 - p, "This is the probability of the wrong class; take −ln of that of the right one."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("sign", -loss, "The cross-entropy is positive."),
            Wrong(
                "logarithm of the logit",
                -math.log(abs(z)),
                "Turn the logit into a probability before you take the logarithm.",
            ),
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
        stem=f"A classifier gives three classes the probabilities {listed(p)}. The {ORDINALS[label]} class is the "
        "right one. What is the cross-entropy, with the natural logarithm?",
        key=_from_probabilities(np.array(p), label),
        second=math.log(1 / own),
        wrong=[
            Wrong("another class", -math.log(p[label - 1]), "Take the probability of the right class."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong(
                "binary",
                -math.fsum(math.log(v if i == label else 1 - v) for i, v in enumerate(p)),
                "This adds a binary cross-entropy for every class; the target of the others is 0.",
            ),
            Wrong(
                "all classes",
                -math.fsum(map(math.log, p)),
                "The target is 0 for the other classes: only the right one counts.",
            ),
            Wrong("mean over classes", loss / 3, "The sum over the classes is not divided by their number."),
            Wrong(
                "entropy",
                -math.fsum(v * math.log(v) for v in p),
                "This is the entropy of the prediction; it does not know the right class.",
            ),
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
    d.need(abs(math.log(total)) > 0.05)
    return Question(
        stem=f"A classifier gives three classes the logits {listed(z)}. The {ORDINALS[label]} class is the right one. "
        "What is the cross-entropy of the softmax, with the natural logarithm?",
        key=_from_logits(np.array(z), label),
        second=math.log(math.fsum(math.exp(v - own) for v in z)),
        wrong=[
            Wrong("another class", math.log(total) - z[label - 1], "Take the probability of the right class."),
            Wrong("probability", math.exp(own) / total, "This is the probability of the right class; take −ln of it."),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong(
                "without the class itself",
                math.log(total - math.exp(own)) - own,
                "The sum in the softmax includes the right class itself.",
            ),
            Wrong("log-sum-exp", math.log(total), "Subtract the logit of the right class."),
            Wrong(
                "sigmoid",
                math.log(1 + math.exp(-own)),
                "This uses a sigmoid; the softmax divides by the sum over all classes.",
            ),
            Wrong("hard maximum", max(z) - own, "ln Σ e^z is larger than the largest logit."),
        ],
        explanation=f"ln Σ e^z − z = {math.log(total):.3f} − {inside(own)} = {loss:.3f}.",
        places=3,
    )
