"""Dropout by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

_kept = jax.jit(lambda a, rate: a / (1 - rate))
_masked_sum = jax.jit(lambda a, mask, rate: jnp.where(mask, a / (1 - rate), 0.0).sum())
_expected = jax.jit(lambda a, rate: jnp.dot(a, jnp.full_like(a, 1 - rate)))
_expected_count = jax.jit(lambda sizes, rates: jnp.round(jnp.dot(sizes, 1 - rates), 6))


@template(topic="dropout", difficulty=0.3)
def dropout_kept_unit(d: Draw) -> Question:
    """Value of a kept unit under inverted dropout."""
    a, rate = d.decimal(-4.0, 4.0, 2), d.choose(0.1, 0.2, 0.25, 0.3, 0.4, 0.6, 0.7, 0.75)
    d.need(abs(a) > 0.4)
    return Question(
        stem=f"Inverted dropout drops each unit with the probability {rate}. A unit with the activation {a} is kept. "
        "What value does it pass on during training?",
        key=_kept(a, rate),
        second=float(Fraction(str(a)) / (1 - Fraction(str(rate)))),
        wrong=[
            Wrong("not scaled", a, "A kept unit is scaled up, so that the expected value stays the same."),
            Wrong(
                "scaled down", a * (1 - rate), "During training inverted dropout divides by the probability of keeping."
            ),
            Wrong("divided by the rate", a / rate, "Divide by the probability of keeping, 1 − rate."),
            Wrong("times the rate", a * rate, "Divide by the probability of keeping, 1 − rate."),
            Wrong("rate added", a * (1 + rate), "Dividing by 1 − rate is not the same as multiplying by 1 + rate."),
            Wrong("dropped", 0.0, "Only a dropped unit passes on 0."),
            Wrong("twice", a / (1 - rate) ** 2, "Scale once."),
            Wrong("sign", -a / (1 - rate), "The scaling keeps the sign."),
        ],
        explanation=f"{a}/(1 − {rate}) = {a / (1 - rate):.3f}.",
        places=3,
    )


@template(topic="dropout", difficulty=0.4)
def dropout_masked_sum(d: Draw) -> Question:
    """Sum of a layer under a given dropout mask."""
    a, rate = d.decimals(5, -2.0, 4.0), d.choose(0.2, 0.25, 0.3, 0.4, 0.6)
    mask = [d.integer(0, 1) for _ in a]
    kept = math.fsum(v for v, m in zip(a, mask, strict=True) if m)
    total = math.fsum(a)
    d.need(2 <= sum(mask) <= 4 and abs(kept) > 0.5 and abs(total - kept) > 0.4)
    return Question(
        stem=f"Five units have the activations {listed(a)}. Inverted dropout with the rate {rate} (probability of "
        f"dropping) draws the mask {listed(mask)}, where 1 means kept. What is the sum of the layer's outputs during "
        "training?",
        key=_masked_sum(np.array(a), np.array(mask), rate),
        second=float(sum(Fraction(str(v)) for v, m in zip(a, mask, strict=True) if m) / (1 - Fraction(str(rate)))),
        wrong=[
            Wrong("not scaled", kept, "Divide the kept activations by the probability of keeping."),
            Wrong("scaled down", kept * (1 - rate), "During training inverted dropout scales up: divide by 1 − rate."),
            Wrong("divided by the rate", kept / rate, "Divide by the probability of keeping, 1 − rate."),
            Wrong("mask turned round", (total - kept) / (1 - rate), "1 means kept, 0 means dropped."),
            Wrong("no mask", total / (1 - rate), "Dropped units pass on 0."),
            Wrong("no dropout", total, "This is the sum without dropout, as at inference."),
            Wrong(
                "share of the mask",
                kept * len(a) / sum(mask),
                "The scale comes from the rate, not from how many units happened to be kept.",
            ),
        ],
        explanation=f"The kept activations add up to {kept:.1f}; divided by {1 - rate:g}: {kept / (1 - rate):.3f}.",
        places=3,
    )


@template(topic="dropout", difficulty=0.4)
def dropout_expected_sum(d: Draw) -> Question:
    """Expected sum of a layer under dropout without scaling."""
    a, rate = d.decimals(4, -2.0, 5.0), d.choose(0.1, 0.2, 0.25, 0.3, 0.4, 0.6)
    total = math.fsum(a)
    d.need(abs(total) > 0.8 and min(a) < 0)
    return Question(
        stem=f"Four units have the activations {listed(a)}. Each is dropped independently with the probability {rate}; "
        "kept ones are not scaled. What is the expected sum of the outputs?",
        key=_expected(np.array(a), rate),
        # Second way: over all masks, each with its probability.
        second=math.fsum(
            math.prod(1 - rate if mask >> i & 1 else rate for i in range(4))
            * math.fsum(v for i, v in enumerate(a) if mask >> i & 1)
            for mask in range(16)
        ),
        wrong=[
            Wrong("rate", rate * total, "A unit is kept with the probability 1 − rate."),
            Wrong("no dropout", total, "Without scaling the expected sum is smaller than without dropout."),
            Wrong("scaled up", total / (1 - rate), "Here the kept units are not scaled."),
            Wrong("all kept", (1 - rate) ** 4 * total, "Each unit is kept or dropped by itself: multiply once."),
            Wrong("absolute values", (1 - rate) * math.fsum(abs(v) for v in a), "Negative activations stay negative."),
            Wrong("mean", (1 - rate) * total / 4, "The sum is asked for, not the mean."),
            Wrong("divided by the rate", total / rate, "Multiply by the probability of keeping."),
            Wrong("sign", (rate - 1) * total, "The sign stays."),
        ],
        explanation=f"(1 − {rate})·{inside(total, '.1f')} = {(1 - rate) * total:.3f}.",
        places=3,
    )


@template(topic="dropout", difficulty=0.3)
def dropout_expected_number(d: Draw) -> Question:
    """Expected number of units kept in two layers."""
    sizes = [d.integer(40, 600, 20), d.integer(40, 600, 20)]
    rates = d.sample((0.1, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7), 2)
    (n, k), (p, q) = sizes, rates
    d.need(n != k)
    return Question(
        stem=f"A network has hidden layers of {n} and {k} units. Dropout drops each unit with the probability {p} in "
        f"the first and {q} in the second. How many of all hidden units are kept in a training step, on average?",
        key=_expected_count(np.array(sizes, float), np.array(rates)),
        second=int(n + k - n * Fraction(str(p)) - k * Fraction(str(q))),
        wrong=[
            Wrong("dropped", round(n * p + k * q), "This is the number of dropped units."),
            Wrong("rates swapped", round(n * (1 - q) + k * (1 - p)), "Each layer has its own rate."),
            Wrong("first layer", round(n * (1 - p)), "Both layers count."),
            Wrong("second layer", round(k * (1 - q)), "Both layers count."),
            Wrong(
                "product of rates",
                round((n + k) * (1 - p) * (1 - q)),
                "Each unit meets only the rate of its own layer.",
            ),
            Wrong("all", n + k, "Some units are dropped."),
            Wrong("second kept whole", round(n * (1 - p)) + k, "The second layer drops units too."),
            Wrong("one rate", round((n + k) * (1 - p)), "The second layer has a rate of its own."),
        ],
        explanation=f"{n}·(1 − {p}) + {k}·(1 − {q}) = {n * (1 - p) + k * (1 - q):.0f}.",
        unit="units",
    )
