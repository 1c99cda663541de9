"""Kullback-Leibler divergences by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, row
from question_bank.templates.engine import Draw, Question, Wrong, template

_kl = jax.jit(lambda p, q: optax.kl_divergence(jnp.log(q), p))
_to_standard_normal = jax.jit(
    lambda mean, log_variance: -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance))
)

# Three nodes are exact for ln q(x) − ln p(x), which is a polynomial of degree 2.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(3)


def _expected_log_ratio(mean: float, deviation: float) -> float:
    """The same divergence as the mean of ln q(x) − ln p(x) under q, by Gauss-Hermite quadrature."""
    q, p = NormalDist(mean, deviation), NormalDist()
    points = [mean + deviation * float(node) for node in _NODES]
    ratios = [math.log(q.pdf(x)) - math.log(p.pdf(x)) for x in points]
    return math.fsum(float(w) * r for w, r in zip(_WEIGHTS, ratios, strict=True)) / math.sqrt(2 * math.pi)


@template(topic="kl divergence", difficulty=0.45)
def kl_of_two_distributions(d: Draw) -> Question:
    """KL divergence of two distributions over three outcomes."""
    rows = []
    for _ in range(2):
        first, second = d.decimal(0.05, 0.8, 2), d.decimal(0.05, 0.8, 2)
        rows.append([first, second, round(1 - first - second, 2)])
    p, q = rows
    d.need(min(*p, *q) >= 0.05)
    kl = math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    reverse = math.fsum(b * math.log(b / a) for a, b in zip(p, q, strict=True))
    cross = -math.fsum(a * math.log(b) for a, b in zip(p, q, strict=True))
    d.need(kl > 0.03)
    return Question(
        stem=f"P is the distribution {row(p)} and Q is {row(q)} over the same three outcomes. What is the "
        "Kullback-Leibler divergence KL(P || Q), with the natural logarithm?",
        key=_kl(np.array(p), np.array(q)),
        second=cross + math.fsum(a * math.log(a) for a in p),
        wrong=[
            Wrong("turned round", reverse, "This is KL(Q || P): the weights come from P, the first one."),
            Wrong("cross-entropy", cross, "This is the cross-entropy; subtract the entropy of P."),
            Wrong("entropy", cross - kl, "This is the entropy of P; the divergence compares it with Q."),
            Wrong("sign", -kl, "The divergence is never negative: the fraction is P/Q."),
            Wrong("log base 10", kl / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", kl / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("both ways", kl + reverse, "This is the symmetric sum; KL(P || Q) goes one way only."),
            Wrong(
                "not weighted",
                math.fsum(math.log(a / b) for a, b in zip(p, q, strict=True)),
                "Weight each logarithm with the probability under P.",
            ),
        ],
        explanation=f"Σ p·ln(p/q) = {kl:.3f}.",
        places=3,
    )


@template(topic="variational autoencoders", difficulty=0.55)
def kl_to_standard_normal(d: Draw) -> Question:
    """KL term of a variational autoencoder with one latent dimension."""
    mean, deviation = d.decimal(-2.0, 2.0, 2), d.decimal(0.3, 2.2, 2)
    d.need(abs(mean) > 0.15 and abs(deviation - 1) > 0.15)
    variance = deviation**2
    kl = (mean**2 + variance - 1 - math.log(variance)) / 2
    return Question(
        stem=f"The encoder of a variational autoencoder with one latent dimension gives the mean {mean} and the "
        f"standard deviation {deviation}. What is the KL divergence KL(q || N(0, 1)) of this normal distribution q "
        "from the standard normal one, with the natural logarithm?",
        key=_to_standard_normal(mean, 2 * math.log(deviation)),
        second=_expected_log_ratio(mean, deviation),
        wrong=[
            Wrong("no half", 2 * kl, "The factor 1/2 is missing."),
            Wrong(
                "deviation for variance",
                (mean**2 + deviation - 1 - math.log(deviation)) / 2,
                "The variance is the square of the standard deviation.",
            ),
            Wrong(
                "logarithm of the deviation",
                (mean**2 + variance - 1 - math.log(deviation)) / 2,
                "The logarithm is that of the variance.",
            ),
            Wrong("no mean", (variance - 1 - math.log(variance)) / 2, "You left the mean out: its square is added."),
            Wrong("mean not squared", (abs(mean) + variance - 1 - math.log(variance)) / 2, "Square the mean."),
            Wrong(
                "no minus one",
                kl + 0.5,
                "Subtract 1, so that the divergence is 0 for the standard normal distribution.",
            ),
            Wrong("plus logarithm", kl + math.log(variance), "The logarithm of the variance is subtracted."),
            Wrong("sign", -kl, "The divergence is never negative."),
        ],
        explanation=f"(μ² + σ² − 1 − ln σ²) / 2 = ({mean**2:.2f} + {variance:.2f} − 1 − "
        f"{inside(math.log(variance), '.3f')}) / 2 = {kl:.3f}.",
        places=3,
    )


@template(topic="variational autoencoders", difficulty=0.5)
def kl_from_log_variance(d: Draw) -> Question:
    """KL term from means and log-variances of two latent dimensions."""
    means, logs = d.decimals(2, -1.5, 1.5), d.decimals(2, -1.5, 1.0)
    d.need(all(abs(v) > 0.15 for v in (*means, *logs)))
    variances = [math.exp(v) for v in logs]
    square, spread, log = (math.fsum(v) for v in ([m * m for m in means], variances, logs))
    kl = (square + spread - 2 - log) / 2
    return Question(
        stem=f"An encoder gives two latent dimensions the means {row(means)} and the natural logarithms of the "
        f"variances {row(logs)}. What is the KL divergence of this normal distribution (independent dimensions) from "
        "the standard normal one, summed over both dimensions?",
        key=_to_standard_normal(np.array(means), np.array(logs)),
        second=math.fsum(_expected_log_ratio(m, math.sqrt(v)) for m, v in zip(means, variances, strict=True)),
        wrong=[
            Wrong("no half", 2 * kl, "The factor 1/2 is missing."),
            Wrong("mean over dimensions", kl / 2, "Add the two dimensions; do not take their mean."),
            Wrong("one once", kl + 0.5, "Subtract 1 for each dimension."),
            Wrong("log for variance", (square - 2) / 2, "Take e to the power of the log-variance to get the variance."),
            Wrong("no mean", kl - square / 2, "You left the means out: their squares are added."),
            Wrong("plus logarithm", kl + log, "The log-variance is subtracted."),
            Wrong("first dimension", (means[0] ** 2 + variances[0] - 1 - logs[0]) / 2, "Both dimensions count."),
            Wrong(
                "deviation",
                kl + (math.fsum(math.sqrt(v) for v in variances) - spread) / 2,
                "The variance is added, not the standard deviation.",
            ),
        ],
        explanation=f"Half of Σ (μ² + σ² − 1 − ln σ²) = ({square:.2f} + {spread:.3f} − 2 − {inside(log, '.1f')}) / 2 = "
        f"{kl:.3f}.",
        places=3,
    )
