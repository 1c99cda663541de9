"""Weighted mixtures: mixup, reparameterised samples, moving averages."""

from __future__ import annotations

import math
from statistics import NormalDist

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed, row
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third")

_mixed_loss = jax.jit(
    lambda p, a, b, share: optax.softmax_cross_entropy(
        jnp.log(p), share * jax.nn.one_hot(a, 3) + (1 - share) * jax.nn.one_hot(b, 3)
    )
)
_blend = jax.jit(lambda new, old, share: optax.incremental_update(new, old, share))
_sample = jax.jit(lambda mean, log_variance, noise: mean + jnp.exp(0.5 * log_variance) * noise)


@jax.jit
def _averaged(start: float, values: jax.Array, decay: float) -> jax.Array:
    """An exponential moving average after all values."""
    return jax.lax.scan(
        lambda old, new: (optax.incremental_update(new, old, 1 - decay), None), jnp.asarray(start), values
    )[0]


@template(topic="data augmentation", difficulty=0.3)
def mixup_value(d: Draw) -> Question:
    """One pixel of a mixup example."""
    a, b, share = d.integer(0, 255), d.integer(0, 255), d.decimal(0.1, 0.9, 2)
    d.need(abs(a - b) > 30 and abs(share - 0.5) > 0.06)
    return Question(
        stem=f"Mixup blends two images with λ = {share}: λ times the first plus (1 − λ) times the second. A pixel has "
        f"the value {a} in the first and {b} in the second image. What is its value in the blend?",
        key=_blend(float(a), float(b), share),
        second=b + share * (a - b),
        wrong=[
            Wrong("swapped", (1 - share) * a + share * b, "λ belongs to the first image."),
            Wrong("mean", (a + b) / 2, "The weights are λ and 1 − λ, not one half each."),
            Wrong("first part", share * a, "Add the part of the second image."),
            Wrong("second part", (1 - share) * b, "Add the part of the first image."),
            Wrong("not weighted", share * a + b, "The second image has the weight 1 − λ."),
            Wrong("added", share * (a + b), "The second image has the weight 1 − λ, not λ."),
            Wrong(
                "cut", float(a if share > 0.5 else b), "Mixup blends the values; CutMix takes a pixel from one image."
            ),
        ],
        explanation=f"{share}·{a} + {1 - share:g}·{b} = {share * a + (1 - share) * b:.2f}.",
        places=2,
    )


@template(topic="data augmentation", difficulty=0.55)
def mixup_loss(d: Draw) -> Question:
    """Cross-entropy of a mixup example."""
    p = [d.decimal(0.08, 0.7, 2), d.decimal(0.08, 0.7, 2)]
    p.append(round(1 - sum(p), 2))
    (a, b), share = d.sample(range(3), 2), d.choose(0.6, 0.65, 0.7, 0.75, 0.8, 0.9)
    d.need(p[2] >= 0.08 and abs(p[a] - p[b]) > 0.05)
    first, second = -math.log(p[a]), -math.log(p[b])
    loss = share * first + (1 - share) * second
    return Question(
        stem=f"Mixup blends an example of the {ORDINALS[a]} class, with the weight {share}, and one of the "
        f"{ORDINALS[b]} class, with the weight {1 - share:g}; the target is blended likewise. The model gives the "
        f"blend the probabilities {row(p)}. What is the cross-entropy, with the natural logarithm?",
        key=_mixed_loss(np.array(p), a, b, share),
        second=-math.log(p[a] ** share * p[b] ** (1 - share)),
        wrong=[
            Wrong("first class only", first, "The second class has part of the target too."),
            Wrong(
                "swapped",
                share * second + (1 - share) * first,
                "The larger weight belongs to the first example's class.",
            ),
            Wrong("not weighted", first + second, "Weight the two logarithms as the images are."),
            Wrong("mean", (first + second) / 2, "Weight the two logarithms as the images are, not by one half each."),
            Wrong(
                "logarithm outside",
                -math.log(share * p[a] + (1 - share) * p[b]),
                "Take the logarithms first, then blend them.",
            ),
            Wrong("log base 10", loss / math.log(10), "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("second class only", second, "The first class has the larger part of the target."),
        ],
        explanation=f"{share}·{first:.4f} + {1 - share:g}·{second:.4f} = {loss:.3f}.",
        places=3,
    )


@template(topic="variational autoencoders", difficulty=0.45)
def reparameterised_sample(d: Draw) -> Question:
    """A sample from mean, log-variance and noise."""
    mean, log, noise = d.decimal(-2.0, 2.0), d.decimal(-2.0, 1.6), d.decimal(-2.2, 2.2)
    d.need(abs(mean) > 0.15 and abs(log) > 0.25 and abs(noise) > 0.25)
    return Question(
        stem=f"The encoder of a variational autoencoder gives the mean {mean} and the natural logarithm of the "
        f"variance {log}. With the standard normal noise ε = {noise}, what is the reparameterised sample?",
        key=_sample(mean, log, noise),
        second=NormalDist(mean, math.sqrt(math.exp(log))).inv_cdf(NormalDist().cdf(noise)),
        wrong=[
            Wrong(
                "variance",
                mean + math.exp(log) * noise,
                "The noise is multiplied by the standard deviation, not by the variance.",
            ),
            Wrong("no exponential", mean + log * noise, "Take e to the power of half the log-variance."),
            Wrong("half without exponential", mean + log / 2 * noise, "Take e to the power of this."),
            Wrong("no mean", math.exp(log / 2) * noise, "Add the mean."),
            Wrong("noise alone", mean + noise, "Multiply the noise by the standard deviation."),
            Wrong("sign", mean - math.exp(log / 2) * noise, "The noise is added with its sign."),
            Wrong("doubled", mean + math.exp(2 * log) * noise, "Halve the log-variance; do not double it."),
            Wrong("noise left out", mean + math.exp(log / 2), "Multiply the standard deviation by the noise."),
        ],
        explanation=f"{mean} + e^({log}/2)·{inside(noise)} = {mean + math.exp(log / 2) * noise:.3f}.",
        places=3,
    )


@template(topic="experiment practice", difficulty=0.4)
def moving_average(d: Draw) -> Question:
    """An exponential moving average after two values."""
    start, decay = d.decimal(-2.0, 3.0), d.choose(0.6, 0.7, 0.75, 0.8, 0.9)
    values = d.decimals(2, -4.0, 6.0)
    a, b = values
    first = decay * start + (1 - decay) * a
    d.need(abs(start) > 0.2 and abs(a - start) > 0.5 and abs(b - first) > 0.5)
    return Question(
        stem=f"An exponential moving average follows average ← {decay}·average + {1 - decay:g}·value. It stands at "
        f"{start}; then the values {listed(values)} come, in this order. What is the average after both?",
        key=_averaged(start, np.array(values), decay),
        second=decay**2 * start + (1 - decay) * (decay * a + b),
        wrong=[
            Wrong("one value", first, "This is the average after the first value."),
            Wrong(
                "weights swapped",
                (1 - decay) ** 2 * start + decay * ((1 - decay) * a + b),
                "The larger weight belongs to the old average.",
            ),
            Wrong(
                "order", decay**2 * start + (1 - decay) * (decay * b + a), "The last value counts more than the first."
            ),
            Wrong("plain mean", (start + a + b) / 3, "The average is weighted, not plain."),
            Wrong("mean of the values", (a + b) / 2, "The old average counts too."),
            Wrong("one step with the sum", decay * start + (1 - decay) * (a + b), "Take one step for each value."),
            Wrong("one step with the mean", decay * start + (1 - decay) * (a + b) / 2, "Take one step for each value."),
            Wrong("first value forgotten", decay * start + (1 - decay) * b, "The first value counts too."),
        ],
        explanation=f"After the first value {first:.4f}, after the second {decay * first + (1 - decay) * b:.3f}.",
        places=3,
    )


@template(topic="generative adversarial networks", level="understand", difficulty=0.45)
def optimal_discriminator(d: Draw) -> Question:
    """Output of the best discriminator at a point."""
    real, fake = d.decimals(2, 0.02, 0.9, 2)
    d.need(abs(real - fake) > 0.04)
    share = real / (real + fake)
    return Question(
        stem=f"At a point x the density of the real data is {real} and that of the generated data is {fake}. Real and "
        "generated examples are shown equally often. What does the best possible discriminator (trained with binary "
        "cross-entropy) output at x as the probability of being real?",
        key=jax.nn.sigmoid(jnp.log(jnp.asarray(real)) - jnp.log(jnp.asarray(fake))),
        second=share,
        wrong=[
            Wrong("turned round", 1 - share, "This is the probability of being generated."),
            Wrong("ratio", real / fake, "Divide by the sum of both densities."),
            Wrong("density", real, "Compare with the density of the generated data."),
            Wrong("difference", 0.5 + (real - fake) / 2, "The output is a share, not a difference."),
            Wrong("half", 0.5, "The output is 0.5 only where both densities are equal."),
            Wrong("squares", real**2 / (real**2 + fake**2), "The densities are not squared."),
            Wrong("complement of the fake density", 1 - fake, "A density is not a probability of being generated."),
        ],
        explanation=f"{real}/({real} + {fake}) = {share:.3f}.",
        places=3,
    )
