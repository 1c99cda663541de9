"""Values of activation functions: layers, parameters and the way back."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

_logit = jax.jit(lambda p: jax.scipy.special.logit(p))
_relu_sum = jax.jit(lambda x: jax.nn.relu(x).sum())
_leaky_mean = jax.jit(lambda x, slope: jax.nn.leaky_relu(x, slope).mean())
_elu = jax.jit(lambda x, alpha: jax.nn.elu(x, alpha))
_softplus_excess = jax.jit(lambda x: jax.nn.softplus(x) - jax.nn.relu(x))
_tanh_of_half = jax.jit(lambda s: jnp.tanh(jax.scipy.special.logit(s) / 2))
_labels = jax.jit(lambda logits, threshold: (jax.nn.sigmoid(logits) > threshold).sum())


@template(topic="sigmoid", difficulty=0.5)
def sigmoid_inverse(d: Draw) -> Question:
    """Input at which a sigmoid neuron reaches a given output."""
    weight, bias = d.choose(-2.0, -1.5, -0.5, 0.5, 1.5, 2.0), d.decimal(-1.5, 1.5)
    p = d.decimal(0.05, 0.95, 2)
    d.need(abs(bias) > 0.05 and abs(p - 0.5) > 0.04)
    z = math.log(p) - math.log(1 - p)
    return Question(
        stem=f"A sigmoid neuron has one input with the weight {weight} and the bias {bias}. At which input does it "
        f"output {p}?",
        key=(_logit(p) - bias) / weight,
        second=(-math.log(1 / p - 1) - bias) / weight,
        wrong=[
            Wrong(
                "sign of the logarithm",
                (-z - bias) / weight,
                "The sum that the sigmoid turns into p is ln(p/(1 − p)), not its negative.",
            ),
            Wrong("bias added", (z + bias) / weight, "Bring the bias to the other side: subtract it."),
            Wrong("no bias", z / weight, "You left the bias out."),
            Wrong("bias not divided", z / weight - bias, "Subtract the bias first, then divide by the weight."),
            Wrong("weighted sum", z, "This is the sum that the sigmoid receives; solve w·x + b for x."),
            Wrong(
                "logarithm of p",
                (math.log(p) - bias) / weight,
                "The inverse of the sigmoid is ln(p/(1 − p)), not ln(p).",
            ),
            Wrong("log base 10", (z / math.log(10) - bias) / weight, "Use the natural logarithm."),
        ],
        explanation=f"w·x + b = ln({p}/(1 − {p})) = {z:.3f}, then solve for x.",
        places=3,
    )


@template(topic="relu", difficulty=0.3)
def relu_layer_sum(d: Draw) -> Question:
    """Sum of a layer's outputs after ReLU."""
    x = d.decimals(5, -3.0, 3.0)
    d.need(2 <= sum(v > 0 for v in x) <= 3 and 0.0 not in x)
    positive = [v for v in x if v > 0]
    total = math.fsum(positive)
    return Question(
        stem=f"Before ReLU, the five units of a layer have the values {listed(x)}. What is the sum of the five outputs "
        "after ReLU?",
        key=_relu_sum(np.array(x)),
        second=(math.fsum(x) + math.fsum(abs(v) for v in x)) / 2,
        wrong=[
            Wrong("no activation", math.fsum(x), "ReLU turns the negative values into 0 before you add."),
            Wrong(
                "absolute values",
                math.fsum(abs(v) for v in x),
                "ReLU turns negative values into 0, not into positive ones.",
            ),
            Wrong("negative part", total - math.fsum(x), "ReLU keeps the positive values, not the negative ones."),
            Wrong("largest", max(x), "Add all outputs; this is the largest one."),
            Wrong("ones for negatives", total + len(x) - len(positive), "Negative values become 0, not 1."),
            Wrong("step", float(len(positive)), "ReLU passes positive values on as they are; this counts them."),
            Wrong("mean", total / len(x), "Add the outputs; this is their mean."),
        ],
        explanation=f"Only {listed(positive)} remain: {total:.1f}.",
        places=2,
    )


@template(topic="leaky relu", difficulty=0.4)
def leaky_relu_layer_mean(d: Draw) -> Question:
    """Mean of a layer's outputs after leaky ReLU."""
    x, slope = d.decimals(4, -4.0, 4.0), d.choose(0.05, 0.1, 0.2)
    d.need(sum(v > 0 for v in x) == 2 and 0.0 not in x)
    positive, negative = math.fsum(v for v in x if v > 0), math.fsum(v for v in x if v < 0)
    total = positive + slope * negative
    return Question(
        stem=f"Four units have the values {listed(x)} before their activation function, leaky ReLU with the slope "
        f"{slope} below zero. What is the mean of their outputs?",
        key=_leaky_mean(np.array(x), slope),
        second=math.fsum(max(v, slope * v) for v in x) / 4,
        wrong=[
            Wrong("plain relu", positive / 4, "This is plain ReLU; leaky ReLU keeps a small part of negative values."),
            Wrong("no activation", (positive + negative) / 4, "Multiply the negative values by the slope."),
            Wrong("sum", total, "This is the sum; divide it by the number of units."),
            Wrong(
                "sign of the slope",
                (positive - slope * negative) / 4,
                "The slope is positive: negative values stay negative.",
            ),
            Wrong("slope everywhere", slope * (positive + negative) / 4, "Positive values stay as they are."),
            Wrong("sides swapped", (slope * positive + negative) / 4, "The slope belongs to the negative values."),
            Wrong("divided by two", total / 2, "The mean goes over all four units, also the negative ones."),
        ],
        explanation=f"({positive:.2f} + {slope}·{inside(negative, '.2f')}) / 4 = {total / 4:.3f}.",
        places=3,
    )


@template(topic="elu", difficulty=0.4)
def elu_value(d: Draw) -> Question:
    """Value of ELU below zero with a given α."""
    x, alpha = d.decimal(-3.0, -0.2, 2), d.decimal(0.4, 2.5)
    d.need(abs(alpha - 1) > 0.15)
    e = math.exp(x)
    return Question(
        stem=f"What is the value of ELU with α = {alpha} at {x}?",
        key=_elu(x, alpha),
        second=alpha * math.expm1(x),
        wrong=[
            Wrong("leaky relu", alpha * x, "This is leaky ReLU; below zero ELU is α(e^x − 1)."),
            Wrong("no alpha", e - 1, "You left α out."),
            Wrong("no minus one", alpha * e, "Subtract 1 from e^x before you multiply by α."),
            Wrong("one not multiplied", alpha * e - 1, "α multiplies the whole of e^x − 1."),
            Wrong("sign", alpha * (1 - e), "Below zero ELU is negative: α(e^x − 1)."),
            Wrong("relu", 0.0, "This is ReLU; ELU is not 0 below zero."),
            Wrong("unchanged", x, "Only values above zero stay as they are."),
            Wrong("sign of the exponent", alpha * (1 / e - 1), "The exponent is x itself, which is negative."),
        ],
        explanation=f"{alpha}·(e^{inside(x)} − 1) = {alpha * (e - 1):.3f}.",
        places=3,
    )


@template(topic="softplus", level="analyse", difficulty=0.5)
def softplus_above_relu(d: Draw) -> Question:
    """How far softplus lies above ReLU."""
    x = d.decimal(-2.5, 2.5, 3)
    d.need(abs(x) > 0.1)
    gap = math.log(1 + math.exp(-abs(x)))
    return Question(
        stem=f"By how much is softplus, ln(1 + e^x), larger than ReLU at x = {x}?",
        key=_softplus_excess(x),
        second=gap,
        wrong=[
            Wrong("softplus alone", math.log(1 + math.exp(x)), "Subtract the value of ReLU."),
            Wrong("input subtracted", math.log(1 + math.exp(x)) - x, "Subtract ReLU, which is 0 for negative inputs."),
            Wrong("log base 10", gap / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", gap / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("other sign", -gap, "Softplus lies above ReLU, so the difference is positive."),
            Wrong("exponential", math.exp(-abs(x)), "Take the logarithm of 1 + e^x, then subtract ReLU."),
            Wrong("at zero", math.log(2), "This is the difference at x = 0; it becomes smaller on both sides."),
            Wrong("relu", max(x, 0.0), "This is the value of ReLU itself."),
        ],
        explanation=f"ln(1 + e^{inside(x)}) − max({x}, 0) = {gap:.3f}.",
        places=3,
    )


@template(topic="tanh", level="understand", difficulty=0.5)
def tanh_from_sigmoid(d: Draw) -> Question:
    """tanh from a value of the sigmoid."""
    s = d.decimal(0.06, 0.94, 3)
    d.need(abs(s - 0.5) > 0.05)
    z = math.log(s / (1 - s))
    return Question(
        stem=f"The sigmoid of 2x is {s}. What is tanh(x)?",
        key=_tanh_of_half(s),
        second=2 * s - 1,
        wrong=[
            Wrong("not stretched", s - 0.5, "tanh runs from -1 to 1: stretch the sigmoid by 2 as well as moving it."),
            Wrong("not moved", 2 * s, "Move the stretched sigmoid down by 1: tanh(0) = 0."),
            Wrong("same", s, "tanh(x) = 2σ(2x) − 1, not σ(2x)."),
            Wrong("sign", 1 - 2 * s, "tanh has the sign of x, and σ(2x) is above 0.5 where x is positive."),
            Wrong("moved by one", s - 1, "Stretch by 2 before you subtract 1."),
            Wrong("tanh of 2x", math.tanh(z), "This is tanh(2x); the sigmoid's 2x belongs to tanh's x."),
            Wrong("tanh of s", math.tanh(s), "s is the output of the sigmoid, not x."),
            Wrong("input", z / 2, "This is x itself; take tanh of it."),
        ],
        explanation=f"tanh(x) = 2σ(2x) − 1 = {2 * s - 1:.3f}.",
        places=3,
    )


@template(topic="output layers", difficulty=0.45)
def multilabel_count(d: Draw) -> Question:
    """How many labels a multilabel classifier gives."""
    logits, threshold = d.decimals(8, -2.0, 3.0), d.choose(0.3, 0.4, 0.6, 0.7)
    border = math.log(threshold / (1 - threshold))
    d.need(all(abs(v - border) > 0.05 and abs(v - threshold) > 0.01 and abs(v) > 0.01 for v in logits))
    total = math.fsum(math.exp(v) for v in logits)

    def count(low: float) -> float:
        return float(sum(v > low for v in logits))

    return Question(
        stem="A multilabel classifier has a sigmoid on each of its eight outputs and gives a label where the "
        f"probability is above {threshold}. Its logits are {listed(logits)}. How many labels does it give?",
        key=_labels(np.array(logits), threshold),
        second=sum(v > border for v in logits),
        wrong=[
            Wrong(
                "logit compared",
                count(threshold),
                "The threshold is for the probability: apply the sigmoid to the logits first.",
            ),
            Wrong(
                "threshold one half",
                count(0.0),
                "A logit above 0 means a probability above 0.5, but that is not the threshold here.",
            ),
            Wrong(
                "softmax",
                float(sum(math.exp(v) / total > threshold for v in logits)),
                "Each label has its own sigmoid; a softmax makes them compete.",
            ),
            Wrong("below the threshold", 8 - count(border), "These are the labels that are not given."),
            Wrong("largest only", 1.0, "Several labels can be given at once."),
            Wrong("all", 8.0, "Only the labels above the threshold are given."),
            Wrong("sign", count(-border), "Look at the sign of ln(t/(1 − t)): the border has moved the other way."),
        ],
        explanation=f"The probability is above {threshold} where the logit is above "
        f"ln({threshold}/{1 - threshold:.1f}) = {border:.3f}.",
    )
