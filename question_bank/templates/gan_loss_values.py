"""Losses of discriminators, generators and critics."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed
from question_bank.templates.engine import Draw, Question, Wrong, template

LN10 = math.log(10)

_bce = optax.sigmoid_binary_cross_entropy
_discriminator = jax.jit(lambda real, fake: _bce(real, jnp.ones_like(real)) + _bce(fake, jnp.zeros_like(fake)))
_discriminator_at = jax.jit(lambda p, q: _discriminator(jax.scipy.special.logit(p), jax.scipy.special.logit(q)))
_generator = jax.jit(lambda fake: _bce(fake, jnp.ones_like(fake)).mean())
_saturating = jax.jit(lambda fake: jax.nn.log_sigmoid(-fake).mean())
_least_squares_d = jax.jit(lambda real, fake: optax.l2_loss(real, jnp.ones_like(real)) + optax.l2_loss(fake))
_least_squares_g = jax.jit(lambda fake: optax.l2_loss(fake, jnp.ones_like(fake)).mean())


def _softplus(z: float) -> float:
    return math.log(1 + math.exp(z))


@template(topic="minimax loss", difficulty=0.45)
def gan_discriminator_loss(d: Draw) -> Question:
    """Discriminator loss from two probabilities."""
    real, fake = d.decimal(0.2, 0.95, 2), d.decimal(0.05, 0.8, 2)
    d.need(abs(real - fake) > 0.03 and abs(real + fake - 1) > 0.03)
    loss = -math.log(real) - math.log(1 - fake)
    return Question(
        stem=f"A discriminator gives a real image the probability {real} of being real and a generated image {fake}. "
        "Its loss is the sum of the two binary cross-entropies, with the natural logarithm. What is the loss?",
        key=_discriminator_at(real, fake),
        second=-math.log(real * (1 - fake)),
        wrong=[
            Wrong("mean", loss / 2, "Add the two terms; do not take their mean."),
            Wrong("both as real", -math.log(real * fake), "For the generated image the target is 0: take 1 − D."),
            Wrong("swapped", -math.log((1 - real) * fake), "The real image has the target 1, the generated one 0."),
            Wrong("log base 10", loss / LN10, "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("sign", -loss, "The loss is minus the value that the discriminator maximises."),
            Wrong("real term only", -math.log(real), "The generated image counts too."),
            Wrong("errors", 1 - real + fake, "Take the logarithms of the probabilities."),
        ],
        explanation=f"−ln({real}) − ln(1 − {fake}) = {loss:.3f}.",
        places=3,
    )


@template(topic="minimax loss", difficulty=0.5)
def gan_discriminator_loss_from_logits(d: Draw) -> Question:
    """Discriminator loss from two logits."""
    real, fake = d.decimals(2, -2.5, 2.5, 2)
    d.need(abs(real) > 0.2 and abs(fake) > 0.2 and abs(real + fake) > 0.2)
    loss = _softplus(-real) + _softplus(fake)
    return Question(
        stem=f"A discriminator gives a real image the logit {real} and a generated image the logit {fake}. Its loss is "
        "the sum of the two binary cross-entropies, with the natural logarithm. What is the loss?",
        key=_discriminator(real, fake),
        second=-math.log(1 / (1 + math.exp(-real))) - math.log(1 - 1 / (1 + math.exp(-fake))),
        wrong=[
            Wrong("mean", loss / 2, "Add the two terms; do not take their mean."),
            Wrong("both as real", _softplus(-real) + _softplus(-fake), "The generated image has the target 0."),
            Wrong(
                "swapped", _softplus(real) + _softplus(-fake), "The real image has the target 1, the generated one 0."
            ),
            Wrong("log base 10", loss / LN10, "Use the natural logarithm."),
            Wrong("real term only", _softplus(-real), "The generated image counts too."),
            Wrong("generated term only", _softplus(fake), "The real image counts too."),
            Wrong(
                "critic",
                fake - real,
                "This is the loss of a Wasserstein critic; here the logits go through a sigmoid and a logarithm.",
            ),
            Wrong("hinge", max(0.0, 1 - real) + max(0.0, 1 + fake), "This is the hinge loss."),
        ],
        explanation=f"ln(1 + e^(−{inside(real)})) + ln(1 + e^{inside(fake)}) = {loss:.3f}.",
        places=3,
    )


@template(topic="non-saturating loss", difficulty=0.5)
def gan_generator_loss(d: Draw) -> Question:
    """Non-saturating loss of a generator from two logits."""
    fake = d.decimals(2, -3.0, 1.5, 2)
    d.need(abs(sum(fake)) > 0.3)
    loss = math.fsum(_softplus(-z) for z in fake) / 2
    against = math.fsum(_softplus(z) for z in fake) / 2
    return Question(
        stem=f"The discriminator gives two generated images the logits {listed(fake)}. What is the mean non-saturating "
        "loss of the generator, with the natural logarithm?",
        key=_generator(np.array(fake)),
        second=-math.fsum(math.log(1 / (1 + math.exp(-z))) for z in fake) / 2,
        wrong=[
            Wrong("saturating", -against, "This is the saturating loss ln(1 − D); the non-saturating one is −ln D."),
            Wrong(
                "discriminator",
                against,
                "This is the discriminator's term for generated images; the generator wants the target 1.",
            ),
            Wrong("sign", -loss, "The loss is −ln D, which is positive."),
            Wrong("sum", 2 * loss, "Take the mean over the two images."),
            Wrong("log base 10", loss / LN10, "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("mean logit", -math.fsum(fake) / 2, "This is the generator's loss against a Wasserstein critic."),
            Wrong(
                "logarithm of the mean",
                -math.log(math.fsum(1 / (1 + math.exp(-z)) for z in fake) / 2),
                "Take the logarithm of each probability, then the mean.",
            ),
        ],
        explanation=f"The mean of ln(1 + e^(−z)) is {loss:.3f}.",
        places=3,
    )


@template(topic="minimax loss", difficulty=0.5)
def gan_saturating_loss(d: Draw) -> Question:
    """Saturating loss of a generator from two logits."""
    fake = d.decimals(2, -3.0, 2.0, 2)
    d.need(abs(sum(fake)) > 0.3)
    p = [1 / (1 + math.exp(-z)) for z in fake]
    loss = -math.fsum(_softplus(z) for z in fake) / 2
    return Question(
        stem=f"The discriminator gives two generated images the logits {listed(fake)}. In the minimax game the "
        "generator's loss is the mean of ln(1 − D), with the natural logarithm and D the probability of being real. "
        "What is it?",
        key=_saturating(np.array(fake)),
        second=math.log((1 - p[0]) * (1 - p[1])) / 2,
        wrong=[
            Wrong(
                "non-saturating",
                -math.fsum(map(math.log, p)) / 2,
                "This is the non-saturating loss, the mean of −ln D.",
            ),
            Wrong("logarithm of D", math.fsum(map(math.log, p)) / 2, "Take the logarithm of 1 − D, not of D."),
            Wrong("sign", -loss, "There is no minus sign: the generator makes ln(1 − D) small."),
            Wrong("sum", 2 * loss, "Take the mean over the two images."),
            Wrong("log base 10", loss / LN10, "Use the natural logarithm."),
            Wrong("log base 2", loss / math.log(2), "Use the natural logarithm, not the one to base 2."),
            Wrong("no logarithm", 1 - math.fsum(p) / 2, "Take the logarithm of each 1 − D."),
            Wrong(
                "mean first", math.log(1 - math.fsum(p) / 2), "Take the logarithm of each 1 − D first, then the mean."
            ),
        ],
        explanation=f"D is {p[0]:.4f} and {p[1]:.4f}; the mean of ln(1 − D) is {loss:.3f}.",
        places=3,
    )


@template(topic="least squares gan", difficulty=0.4)
def lsgan_discriminator_loss(d: Draw) -> Question:
    """Least squares loss of a discriminator."""
    real, fake = d.decimals(2, -0.8, 1.8, 2)
    d.need(abs(real - 1) > 0.1 and abs(fake) > 0.1)
    a, b = (real - 1) ** 2, fake**2
    return Question(
        stem="A least squares GAN has the targets 1 for real and 0 for generated images. Its discriminator outputs "
        f"{real} for a real and {fake} for a generated image. The loss is half the sum of the two squared errors. What "
        "is it?",
        key=_least_squares_d(real, fake),
        second=math.hypot(real - 1, fake) ** 2 / 2,
        wrong=[
            Wrong("no half", a + b, "The factor 1/2 is missing."),
            Wrong(
                "targets swapped",
                (real**2 + (fake - 1) ** 2) / 2,
                "The target of the real image is 1, that of the generated one 0.",
            ),
            Wrong(
                "both one", (a + (fake - 1) ** 2) / 2, "The target of the generated image is 0 for the discriminator."
            ),
            Wrong("absolute", (abs(real - 1) + abs(fake)) / 2, "Square the errors."),
            Wrong("real only", a / 2, "The generated image counts too."),
            Wrong("generated only", b / 2, "The real image counts too."),
            Wrong("quarter", (a + b) / 4, "Half the sum: do not take the mean as well."),
            Wrong("one square", (real - 1 + fake) ** 2 / 2, "Square each error by itself."),
        ],
        explanation=f"(({real} − 1)² + {inside(fake)}²) / 2 = {(a + b) / 2:.3f}.",
        places=3,
    )


@template(topic="least squares gan", difficulty=0.4)
def lsgan_generator_loss(d: Draw) -> Question:
    """Least squares loss of a generator."""
    fake = d.decimals(3, -0.8, 1.6)
    d.need(all(abs(v - 1) > 0.05 for v in fake))
    total = math.fsum((v - 1) ** 2 for v in fake)
    return Question(
        stem=f"In a least squares GAN the discriminator outputs {listed(fake)} for three generated images. The "
        "generator's loss is half the mean squared distance from the target 1. What is it?",
        key=_least_squares_g(np.array(fake)),
        second=math.fsum(v * v / 2 - v + 0.5 for v in fake) / 3,
        wrong=[
            Wrong("no half", total / 3, "The factor 1/2 is missing."),
            Wrong("sum", total / 2, "Take the mean over the three images."),
            Wrong(
                "target 0", math.fsum(v * v for v in fake) / 6, "0 is the discriminator's target; the generator's is 1."
            ),
            Wrong("absolute", math.fsum(abs(v - 1) for v in fake) / 6, "Square the distances."),
            Wrong(
                "square of the mean",
                (math.fsum(fake) / 3 - 1) ** 2 / 2,
                "Square each distance first, then take the mean.",
            ),
            Wrong("quarter", total / 12, "There is one factor 1/2, not two."),
            Wrong("target -1", math.fsum((v + 1) ** 2 for v in fake) / 6, "Subtract the target 1; do not add it."),
        ],
        explanation=f"{total:.2f} / 3 / 2 = {total / 6:.3f}.",
        places=3,
    )
