"""Probabilities from logits by softmax."""

from __future__ import annotations

import math

import jax
import numpy as np

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third", "fourth")

_softmax = jax.jit(lambda logits, index: jax.nn.softmax(logits)[index])
_ratio = jax.jit(lambda a, b: jax.numpy.exp(jax.numpy.subtract(*jax.nn.log_softmax(jax.numpy.stack([a, b])))))
_tempered = jax.jit(lambda logits, temperature: jax.nn.softmax(logits / temperature)[0])


@template(topic="softmax", difficulty=0.4)
def softmax_component(d: Draw) -> Question:
    """One probability of a softmax over three logits."""
    logits, index = d.decimals(3, -2.0, 3.0), d.integer(0, 2)
    z = logits[index]
    powers = [math.exp(v) for v in logits]
    others = sum(powers) - powers[index]
    d.need(abs(sum(logits)) > 0.3)
    return Question(
        stem=f"The logits of three classes are {listed(logits)}. What probability does the softmax give the "
        f"{ORDINALS[index]} class?",
        key=_softmax(np.array(logits), index),
        second=1 / sum(math.exp(v - z) for v in logits),
        wrong=[
            Wrong("no exponential", z / sum(logits), "Take e to the power of each logit before you divide by the sum."),
            Wrong(
                "sigmoid",
                1 / (1 + math.exp(-z)),
                "This is the sigmoid of one logit; the softmax divides by the sum over all classes.",
            ),
            Wrong("odds", powers[index] / others, "The sum in the denominator includes the class itself."),
            Wrong("another class", powers[index - 1] / sum(powers), "This is the probability of another class."),
            Wrong(
                "sign",
                1 / sum(math.exp(z - v) for v in logits),
                "A larger logit gives a larger probability: do not turn the sign round.",
            ),
            Wrong("base 2", 1 / sum(2 ** (v - z) for v in logits), "The base of the powers is e."),
            Wrong("base 10", 1 / sum(10 ** (v - z) for v in logits), "The base of the powers is e, not 10."),
            Wrong("complement", others / sum(powers), "This is the probability of the other two classes together."),
        ],
        explanation=f"e^{inside(z)} divided by the sum of the three powers: {powers[index]:.3f}/{sum(powers):.3f}.",
        places=3,
    )


@template(topic="softmax", level="analyse", difficulty=0.45)
def softmax_ratio(d: Draw) -> Question:
    """How many times as probable one class is as another."""
    first, second, third = d.decimals(3, -1.5, 3.0)
    gap = first - second
    d.need(0.2 < abs(gap) < 2.2 and abs(second) > 0.3)
    return Question(
        stem=f"A softmax turns the logits {first}, {second} and {third} of the classes A, B and C into probabilities. "
        "How many times the probability of B is the probability of A?",
        key=_ratio(first, second),
        second=math.exp(first) / math.exp(second),
        wrong=[
            Wrong(
                "ratio of logits",
                first / second,
                "The ratio of the probabilities is e to the power of the difference of the logits.",
            ),
            Wrong("difference", gap, "Take e to the power of this difference."),
            Wrong("turned round", math.exp(-gap), "This is the probability of B divided by that of A."),
            Wrong("base 2", 2**gap, "The base is e, not 2."),
            Wrong("base 10", 10**gap, "The base is e, not 10."),
            Wrong("sum of logits", math.exp(first + second), "Subtract the logits: powers are divided."),
            Wrong("share of two", 1 / (1 + math.exp(-gap)), "This is A's share of A and B together, not the ratio."),
            Wrong("with C", math.exp(first - third), "You compared A with C."),
        ],
        explanation=f"The sum in the denominator cancels: e^({first} − {inside(second)}) = {math.exp(gap):.3f}.",
        places=3,
    )


@template(topic="knowledge distillation", difficulty=0.5)
def distillation_target(d: Draw) -> Question:
    """Soft target of a teacher with a temperature."""
    logits, temperature = d.decimals(3, -3.0, 6.0), d.choose(2.0, 2.5, 3.0, 4.0, 5.0)
    z = logits[0]
    hard = [math.exp(v - z) for v in logits]
    p = 1 / sum(hard)

    def share(scale: float) -> float:
        return 1 / sum(math.exp((v - z) * scale) for v in logits)

    return Question(
        stem=f"For distillation, a teacher's softmax is taken at the temperature {temperature}. Its logits are "
        f"{listed(logits)}. What soft target does the first class get?",
        key=_tempered(np.array(logits), temperature),
        second=share(1 / temperature),
        wrong=[
            Wrong("no temperature", p, "Divide the logits by the temperature first."),
            Wrong(
                "multiplied",
                share(temperature),
                "Divide the logits by the temperature; multiplying sharpens the distribution.",
            ),
            Wrong("probability divided", p / temperature, "The temperature divides the logits, not the probability."),
            Wrong("square root", share(temperature**-0.5), "Divide by the temperature, not by its square root."),
            Wrong("squared", share(temperature**-2), "Divide by the temperature, not by its square."),
            Wrong("uniform", 1 / 3, "Only an infinite temperature makes all targets equal."),
            Wrong(
                "another class",
                share(1 / temperature) * math.exp((logits[1] - z) / temperature),
                "This is the target of the second class.",
            ),
            Wrong(
                "sigmoid",
                1 / (1 + math.exp(-z / temperature)),
                "This is a sigmoid; divide by the sum over all classes.",
            ),
        ],
        explanation=f"Divide the logits by {temperature}, then take the softmax: {share(1 / temperature):.3f}.",
        places=3,
    )
