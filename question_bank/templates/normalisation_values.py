"""Batch and layer normalisation of a few numbers."""

from __future__ import annotations

import math
import statistics

import jax
import numpy as np
import optax

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third", "fourth")


_standardised = jax.jit(lambda x, index: jax.nn.standardize(x, epsilon=0.0)[index])


_affine = jax.jit(lambda x, index, scale, shift: (scale * jax.nn.standardize(x, epsilon=0.0) + shift)[index])


_inference = jax.jit(
    lambda x, mean, variance, eps, scale, shift: (
        scale * jax.nn.standardize(x, mean=mean, variance=variance, epsilon=eps) + shift
    )
)


_running = jax.jit(lambda old, x, momentum: optax.incremental_update(x.mean(), old, 1 - momentum))


def _batch(d: Draw) -> tuple[list[float], int, float, float]:
    """Four values, the one that is asked for, their mean and their variance."""
    x, index = d.decimals(4, -4.0, 6.0), d.integer(0, 3)
    mean, variance = statistics.fmean(x), statistics.pvariance(x)
    d.need(variance > 0.8 and abs(x[index] - mean) > 0.4 and abs(mean) > 0.2)
    return x, index, mean, variance


@template(topic="batch normalisation", difficulty=0.4)
def batch_norm_value(d: Draw) -> Question:
    """One value after batch normalisation."""
    x, index, mean, variance = _batch(d)
    v, deviation = x[index], math.sqrt(variance)
    return Question(
        stem=f"In a batch of four examples one feature has the values {listed(x)}. Batch normalisation uses the "
        f"population variance (division by 4), with ε = 0, scale 1 and shift 0. What does the {ORDINALS[index]} value "
        "become?",
        key=_standardised(np.array(x), index),
        second=statistics.NormalDist(statistics.fmean(x), statistics.pstdev(x)).zscore(v),
        wrong=[
            Wrong("variance", (v - mean) / variance, "Divide by the standard deviation, not by the variance."),
            Wrong(
                "sample variance", (v - mean) / statistics.stdev(x), "Batch normalisation divides by n, not by n − 1."
            ),
            Wrong("not centred", v / deviation, "Subtract the mean first."),
            Wrong("not divided", v - mean, "Divide by the standard deviation."),
            Wrong("sign", (mean - v) / deviation, "Subtract the mean from the value, not the other way round."),
            Wrong("mean not divided", v / deviation - mean, "Subtract the mean first, then divide."),
            Wrong(
                "range",
                (v - min(x)) / (max(x) - min(x)),
                "This scales to 0…1; batch normalisation uses mean and standard deviation.",
            ),
        ],
        explanation=f"The mean is {mean:.3f}, the standard deviation {deviation:.4f}: ({v} − "
        f"{inside(mean, '.3f')})/{deviation:.4f}.",
        places=3,
    )


@template(topic="batch normalisation", difficulty=0.5)
def batch_norm_scale_and_shift(d: Draw) -> Question:
    """One value after batch normalisation with scale and shift."""
    x, index, mean, variance = _batch(d)
    scale, shift = d.decimal(0.4, 2.5), d.decimal(-2.0, 2.0)
    d.need(abs(scale - 1) > 0.15 and abs(shift) > 0.15)
    v, deviation = x[index], math.sqrt(variance)
    z = (v - mean) / deviation
    return Question(
        stem=f"In a batch of four examples one feature has the values {listed(x)}. Batch normalisation uses the "
        f"population variance (division by 4), with ε = 0, the scale γ = {scale} and the shift β = {shift}. What does "
        f"the {ORDINALS[index]} value become?",
        key=_affine(np.array(x), index, scale, shift),
        second=scale * statistics.NormalDist(mean, statistics.pstdev(x)).zscore(v) + shift,
        wrong=[
            Wrong("no scale and shift", z, "Multiply by γ and add β."),
            Wrong("no shift", scale * z, "Add the shift β."),
            Wrong("no scale", z + shift, "Multiply by the scale γ."),
            Wrong("shift scaled", scale * (z + shift), "β is added after the multiplication by γ."),
            Wrong("roles swapped", shift * z + scale, "γ multiplies, β is added."),
            Wrong(
                "variance",
                scale * (v - mean) / variance + shift,
                "Divide by the standard deviation, not by the variance.",
            ),
            Wrong(
                "sample variance",
                scale * (v - mean) / statistics.stdev(x) + shift,
                "Batch normalisation divides by n, not by n − 1.",
            ),
            Wrong("shift subtracted", scale * z - shift, "Add the shift β."),
        ],
        explanation=f"The normalised value is {z:.4f}; {scale}·{inside(z, '.4f')} + {inside(shift)} = "
        f"{scale * z + shift:.3f}.",
        places=3,
    )


@template(topic="batch normalisation", difficulty=0.4)
def batch_norm_running_mean(d: Draw) -> Question:
    """The running mean after one batch."""
    x, old, momentum = d.decimals(4, -3.0, 8.0), d.decimal(-2.0, 4.0), d.choose(0.6, 0.7, 0.8, 0.9, 0.95)
    mean = statistics.fmean(x)
    d.need(abs(mean - old) > 0.5 and abs(old) > 0.2 and abs(mean) > 0.2)
    new = momentum * old + (1 - momentum) * mean
    return Question(
        stem=f"Batch normalisation keeps a running mean: new = m·old + (1 − m)·batch mean, with m = {momentum}. It is "
        f"{old} when a batch with the values {listed(x)} comes. What is it afterwards?",
        key=_running(old, np.array(x), momentum),
        second=old - (1 - momentum) * (old - math.fsum(x) / 4),
        wrong=[
            Wrong("weights swapped", (1 - momentum) * old + momentum * mean, "m belongs to the old running mean."),
            Wrong("batch mean", mean, "This is the mean of the batch alone."),
            Wrong("half each", (old + mean) / 2, "The weights are m and 1 − m."),
            Wrong("sum", momentum * old + (1 - momentum) * math.fsum(x), "Use the mean of the batch, not the sum."),
            Wrong("not weighted", momentum * old + mean, "The batch mean has the weight 1 − m."),
            Wrong("old part", momentum * old, "Add the part of the new batch."),
            Wrong("all values", (old + math.fsum(x)) / 5, "The running mean is not a further value of the batch."),
            Wrong("subtracted", momentum * old - (1 - momentum) * mean, "Add both parts."),
        ],
        explanation=f"The batch mean is {mean:.3f}; {momentum}·{inside(old)} + {1 - momentum:g}·{inside(mean, '.3f')} "
        f"= {new:.3f}.",
        places=3,
    )


@template(topic="batch normalisation", difficulty=0.5)
def batch_norm_at_inference(d: Draw) -> Question:
    """One value after batch normalisation at inference."""
    mean, variance, eps = d.decimal(-2.0, 3.0), d.decimal(0.3, 6.0), 0.001
    x, scale, shift = d.decimal(-4.0, 6.0), d.decimal(0.4, 2.5), d.decimal(-2.0, 2.0)
    d.need(
        abs(variance - 1) > 0.15 and abs(scale - 1) > 0.15 and min(abs(shift), abs(mean)) > 0.15 and abs(x - mean) > 0.4
    )
    deviation = math.sqrt(variance + eps)
    z = (x - mean) / deviation
    return Question(
        stem=f"After training, a batch normalisation layer has the running mean {mean}, the running variance "
        f"{variance}, γ = {scale}, β = {shift} and ε = {eps}. What does it make of the single value {x} at inference?",
        key=_inference(x, mean, variance, eps, scale, shift),
        second=scale / deviation * x + (shift - scale * mean / deviation),
        wrong=[
            Wrong(
                "batch of one", shift, "At inference the running statistics are used, not those of the single value."
            ),
            Wrong("no scale and shift", z, "Multiply by γ and add β."),
            Wrong("variance", scale * (x - mean) / (variance + eps) + shift, "Divide by the root of the variance."),
            Wrong("mean not subtracted", scale * x / deviation + shift, "Subtract the running mean first."),
            Wrong("no shift", scale * z, "Add the shift β."),
            Wrong("no scale", z + shift, "Multiply by the scale γ."),
            Wrong("mean added", scale * (x + mean) / deviation + shift, "Subtract the running mean."),
            Wrong("shift scaled", scale * (z + shift), "β is added after the multiplication by γ."),
        ],
        explanation=f"{scale}·({x} − {inside(mean)})/√({variance} + {eps}) + {inside(shift)} = "
        f"{scale * z + shift:.3f}.",
        places=3,
    )
