"""Losses of critics: hinge, Wasserstein and the gradient penalty."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, listed, row
from question_bank.templates.engine import Draw, Question, Wrong, template

_hinge_d = jax.jit(
    lambda real, fake: (
        optax.hinge_loss(real, jnp.ones_like(real)).mean() + optax.hinge_loss(fake, -jnp.ones_like(fake)).mean()
    )
)
_critic = jax.jit(lambda real, fake: fake.mean() - real.mean())


@jax.jit
def _penalty(weights: jax.Array, point: jax.Array, rate: float) -> jax.Array:
    """λ(‖∇f‖ − 1)² for the critic f(x) = w·x, by differentiation."""
    gradient = jax.grad(lambda x: jnp.dot(weights, x))(point)
    return jnp.asarray(rate * (jnp.linalg.norm(gradient) - 1) ** 2)


def _softplus(z: float) -> float:
    return math.log(1 + math.exp(z))


@template(topic="generative adversarial networks", difficulty=0.45)
def gan_hinge_loss(d: Draw) -> Question:
    """Hinge loss of a discriminator."""
    real, fake = d.decimals(2, -1.0, 2.5), d.decimals(2, -2.5, 1.0)
    a, b = [max(0.0, 1 - v) for v in real], [max(0.0, 1 + v) for v in fake]
    d.need(0 in a + b and sum(a) > 0 and sum(b) > 0)
    return Question(
        stem="A discriminator is trained with the hinge loss (margin 1). It gives two real images the scores "
        f"{listed(real)} and two generated images the scores {listed(fake)}. Its loss is the mean over the real images "
        "plus the mean over the generated ones. What is it?",
        key=_hinge_d(np.array(real), np.array(fake)),
        second=(math.fsum(1 - v for v in real if v < 1) + math.fsum(1 + v for v in fake if v > -1)) / 2,
        wrong=[
            Wrong("sum", math.fsum(a + b), "Take the mean over each kind of image."),
            Wrong("mean of all four", math.fsum(a + b) / 4, "Add the two means; do not average over all four."),
            Wrong(
                "no maximum",
                2 + (math.fsum(fake) - math.fsum(real)) / 2,
                "Scores beyond the margin cost nothing: cut off at 0.",
            ),
            Wrong(
                "kinds swapped",
                (math.fsum(max(0.0, 1 + v) for v in real) + math.fsum(max(0.0, 1 - v) for v in fake)) / 2,
                "Real images should score above 1, generated ones below -1.",
            ),
            Wrong(
                "all as real",
                (math.fsum(a) + math.fsum(max(0.0, 1 - v) for v in fake)) / 2,
                "Generated images should score below -1: their term is max(0, 1 + score).",
            ),
            Wrong(
                "no margin",
                (math.fsum(max(0.0, -v) for v in real) + math.fsum(max(0.0, v) for v in fake)) / 2,
                "Scores within the margin of 1 cost something too.",
            ),
            Wrong("real only", math.fsum(a) / 2, "The generated images count too."),
            Wrong("generated only", math.fsum(b) / 2, "The real images count too."),
        ],
        explanation=f"Real: ({a[0]:.1f} + {a[1]:.1f})/2; generated: ({b[0]:.1f} + {b[1]:.1f})/2; together "
        f"{math.fsum(a + b) / 2:.2f}.",
        places=2,
    )


@template(topic="wasserstein gan", difficulty=0.4)
def wasserstein_critic_loss(d: Draw) -> Question:
    """Loss of a Wasserstein critic."""
    real, fake = d.decimals(3, -2.0, 4.0), d.decimals(2, -3.0, 3.0)
    r, f = math.fsum(real) / 3, math.fsum(fake) / 2
    d.need(abs(f - r) > 0.2 and abs(f + r) > 0.2)
    return Question(
        stem=f"A Wasserstein critic gives three real images the scores {listed(real)} and two generated images the "
        f"scores {listed(fake)}. What is the loss that the critic minimises, with means over the images and without a "
        "gradient penalty?",
        key=_critic(np.array(real), np.array(fake)),
        second=(3 * math.fsum(fake) - 2 * math.fsum(real)) / 6,
        wrong=[
            Wrong(
                "sign", r - f, "The critic maximises real minus generated; the loss to minimise has the opposite sign."
            ),
            Wrong("sums", math.fsum(fake) - math.fsum(real), "Take the mean over each kind of image."),
            Wrong("generator", -f, "This is the generator's loss; the critic also looks at the real images."),
            Wrong("added", f + r, "Subtract the mean score of the real images."),
            Wrong("half", (f - r) / 2, "There is no factor 1/2."),
            Wrong("one mean", (math.fsum(fake) - math.fsum(real)) / 5, "Take the mean of each kind by itself."),
            Wrong(
                "cross-entropy",
                _softplus(-r) + _softplus(f),
                "The scores of a critic do not go through a sigmoid and a logarithm.",
            ),
            Wrong("real only", -r, "The generated images count too."),
        ],
        explanation=f"{f:.3f} − {inside(r, '.3f')} = {f - r:.3f}.",
        places=3,
    )


@template(topic="gradient penalty", difficulty=0.5)
def gradient_penalty_linear_critic(d: Draw) -> Question:
    """Gradient penalty of a linear critic."""
    weights, rate = d.decimals(2, -2.0, 2.0), float(d.choose(2, 3, 5, 10))
    bias, point = d.decimal(0.2, 1.5), d.decimals(2, -1.5, 1.5)
    norm = math.hypot(*weights)
    d.need(all(abs(v) > 0.15 for v in (*weights, *point)) and abs(norm - 1) > 0.1)
    output = weights[0] * point[0] + weights[1] * point[1] + bias
    return Question(
        stem=f"The critic is f(x) = w·x + b with w = {row(weights)} and b = {bias}. What is its gradient penalty "
        f"λ(‖∇f‖ − 1)² with λ = {rate:g}, at the point {row(point)} between a real and a generated example (Euclidean "
        "norm of the gradient with respect to x)?",
        key=_penalty(np.array(weights), np.array(point), rate),
        second=rate * (math.fsum(w * w for w in weights) - 2 * norm + 1),
        wrong=[
            Wrong("no rate", (norm - 1) ** 2, "Multiply by λ."),
            Wrong("no minus one", rate * norm**2, "Subtract 1 from the norm before you square."),
            Wrong("norm not rooted", rate * (norm**2 - 1) ** 2, "The norm is the root of the sum of squares."),
            Wrong("not squared", rate * (norm - 1), "Square the distance of the norm from 1."),
            Wrong(
                "L1 norm",
                rate * (abs(weights[0]) + abs(weights[1]) - 1) ** 2,
                "The norm is Euclidean, not the sum of absolute values.",
            ),
            Wrong(
                "output", rate * (output - 1) ** 2, "The penalty is on the gradient of the critic, not on its output."
            ),
            Wrong(
                "bias in the norm",
                rate * (math.hypot(*weights, bias) - 1) ** 2,
                "The gradient with respect to x does not contain the bias.",
            ),
            Wrong("one-sided", rate * max(0.0, norm - 1) ** 2, "The penalty counts on both sides of 1."),
        ],
        explanation=f"∇f is the vector of weights; its norm is {norm:.4f}, so {rate:g}·({norm:.4f} − 1)² = "
        f"{rate * (norm - 1) ** 2:.3f}.",
        places=3,
    )


@template(topic="gradient penalty", level="understand", difficulty=0.4)
def gradient_penalty_point(d: Draw) -> Question:
    """Point between a real and a generated example."""
    real, fake = d.decimals(2, -3.0, 3.0)
    epsilon = d.decimal(0.1, 0.9, 2)
    d.need(abs(real - fake) > 0.5 and abs(epsilon - 0.5) > 0.05 and abs(real) > 0.1 and abs(fake) > 0.1)
    point = epsilon * real + (1 - epsilon) * fake
    return Question(
        stem="The gradient penalty is taken at the point ε·x + (1 − ε)·y between a real example x and a generated "
        f"example y. One feature is {real} in x and {fake} in y, and ε = {epsilon}. What is this feature at the point?",
        key=optax.incremental_update(real, fake, jnp.asarray(epsilon)),
        second=fake + epsilon * (real - fake),
        wrong=[
            Wrong("swapped", (1 - epsilon) * real + epsilon * fake, "ε belongs to the real example."),
            Wrong("middle", (real + fake) / 2, "This is the middle; ε is not 0.5."),
            Wrong("real part", epsilon * real, "Add the part of the generated example."),
            Wrong("generated part", (1 - epsilon) * fake, "Add the part of the real example."),
            Wrong("not weighted", epsilon * real + fake, "The generated example has the weight 1 − ε."),
            Wrong("beyond", real + epsilon * (real - fake), "The point lies between the two examples."),
            Wrong("difference", epsilon * (real - fake), "Add the generated example: this is only the way from it."),
        ],
        explanation=f"{epsilon}·{inside(real)} + {1 - epsilon:g}·{inside(fake)} = {point:.3f}.",
        places=3,
    )
