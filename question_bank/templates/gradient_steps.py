"""Steps of gradient descent, with an L2 penalty and with clipping."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside, row, signed
from question_bank.templates.engine import Draw, Question, Wrong, template


@jax.jit
def _sgd(weight: float, scale: float, minimum: float, rate: float) -> jax.Array:
    """One step of SGD on scale·(w − minimum)²."""
    gradient = jax.grad(lambda w: scale * (w - minimum) ** 2)(weight)
    updates, _ = optax.sgd(rate).update(gradient, optax.sgd(rate).init(weight))
    return jnp.asarray(optax.apply_updates(weight, updates))


@jax.jit
def _two_steps(weight: jax.Array, scale: float, slope: float, rate: float) -> jax.Array:
    optimiser = optax.sgd(rate)
    state = optimiser.init(weight)
    for _ in range(2):
        updates, state = optimiser.update(jax.grad(lambda w: scale * w**2 + slope * w)(weight), state)
        weight = jnp.asarray(optax.apply_updates(weight, updates))
    return weight


@jax.jit
def _l2_step(weight: float, gradient: float, rate: float, strength: float) -> jax.Array:
    total = gradient + jax.grad(lambda w: strength * optax.l2_loss(w))(weight)
    updates, _ = optax.sgd(rate).update(total, optax.sgd(rate).init(weight))
    return jnp.asarray(optax.apply_updates(weight, updates))


_clip = jax.jit(lambda gradient, limit: optax.clip_by_global_norm(limit).update(gradient, optax.EmptyState())[0][0])


@template(topic="stochastic gradient descent", difficulty=0.35)
def sgd_step(d: Draw) -> Question:
    """One step of gradient descent on a parabola."""
    scale, minimum, weight = d.choose(0.5, 1.5, 2.0, 2.5, 3.0), d.decimal(-3.0, 3.0), d.decimal(-3.0, 3.0)
    rate = d.choose(0.01, 0.02, 0.05, 0.1, 0.2)
    away = weight - minimum
    d.need(abs(away) > 0.4 and abs(minimum) > 0.1 and abs(weight) > 0.1)
    return Question(
        stem=f"The loss is L(w) = {scale}·(w {signed(-minimum)})². The weight is {weight} and the learning rate "
        f"{rate}. What is the weight after one step of gradient descent?",
        key=_sgd(weight, scale, minimum, rate),
        second=minimum + away * (1 - 2 * scale * rate),
        wrong=[
            Wrong("uphill", weight + 2 * rate * scale * away, "Go against the gradient: subtract it."),
            Wrong("no two", weight - rate * scale * away, "The derivative of a square brings a factor 2."),
            Wrong("no rate", weight - 2 * scale * away, "Multiply the gradient by the learning rate."),
            Wrong("no scale", weight - 2 * rate * away, "The factor in front of the square belongs to the gradient."),
            Wrong("loss", weight - rate * scale * away**2, "Subtract the gradient, not the loss itself."),
            Wrong(
                "minimum left out",
                weight - 2 * rate * scale * weight,
                "The gradient is 0 at the minimum, not at w = 0.",
            ),
            Wrong("minimum", minimum, "One small step does not reach the minimum."),
            Wrong("step", -2 * rate * scale * away, "This is the change; add it to the weight."),
        ],
        explanation=f"The gradient is 2·{scale}·{inside(away, '.1f')} = {2 * scale * away:.2f}; w becomes {weight} − "
        f"{rate}·{inside(2 * scale * away, '.2f')}.",
        places=3,
    )


@template(topic="gradient descent", difficulty=0.45)
def gradient_descent_two_steps(d: Draw) -> Question:
    """Two steps of gradient descent on a parabola."""
    scale, slope, weight = d.choose(0.5, 1.0, 1.5, 2.0), d.decimal(-3.0, 3.0), d.decimal(-2.0, 2.0)
    rate = d.choose(0.05, 0.1, 0.2)
    gradient = 2 * scale * weight + slope
    d.need(abs(gradient) > 0.5 and abs(slope) > 0.1 and abs(weight) > 0.1)
    first = weight - rate * gradient
    second = first - rate * (2 * scale * first + slope)
    lowest = -slope / (2 * scale)
    up = weight + rate * gradient
    return Question(
        stem=f"The loss is L(w) = {scale}·w² {signed(slope)}·w. Gradient descent starts at w = {weight} with the "
        f"learning rate {rate}. What is w after two steps?",
        key=_two_steps(weight, scale, slope, rate),
        second=lowest + (weight - lowest) * (1 - 2 * rate * scale) ** 2,
        wrong=[
            Wrong("one step", first, "This is w after the first step."),
            Wrong("gradient not renewed", weight - 2 * rate * gradient, "Compute the gradient anew at the new w."),
            Wrong("three steps", first + (second - first) * (1 + 1 - 2 * rate * scale), "This is w after three steps."),
            Wrong("uphill", up + rate * (2 * scale * up + slope), "Go against the gradient: subtract it."),
            Wrong("no slope", weight * (1 - 2 * rate * scale) ** 2, "The linear term has a derivative too."),
            Wrong(
                "no two", lowest * 2 + (weight - lowest * 2) * (1 - rate * scale) ** 2, "The derivative of w² is 2w."
            ),
            Wrong("minimum", lowest, "This is the minimum; two steps do not reach it."),
            Wrong(
                "second gradient alone", weight + second - first, "The second step starts where the first one ended."
            ),
        ],
        explanation=f"After the first step w = {first:.4f}, after the second {second:.3f}.",
        places=3,
    )


@template(topic="weight decay", difficulty=0.45)
def sgd_with_l2(d: Draw) -> Question:
    """A step of SGD with an L2 penalty in the loss."""
    w, g = d.decimal(-3.0, 3.0), d.decimal(-3.0, 3.0)
    rate, strength = d.choose(0.05, 0.1, 0.2, 0.5), d.choose(0.02, 0.05, 0.1, 0.2, 0.4)
    d.need(abs(w) > 0.5 and abs(g) > 0.3)
    return Question(
        stem=f"The loss has the penalty (λ/2)·w² with λ = {strength}. The weight is {w}, the gradient of the data loss "
        f"alone is {g}, and the learning rate is {rate}. What is the weight after one step of SGD on the whole loss?",
        key=_l2_step(w, g, rate, strength),
        second=(1 - rate * strength) * w - rate * g,
        wrong=[
            Wrong("no penalty", w - rate * g, "The penalty has a gradient too: λ·w."),
            Wrong("no half", w - rate * (g + 2 * strength * w), "The factor 1/2 cancels the 2 of the derivative."),
            Wrong("half kept", w - rate * (g + strength * w / 2), "The derivative of w²/2 is w, not w/2."),
            Wrong("sign of the penalty", w - rate * (g - strength * w), "The penalty pulls the weight towards 0."),
            Wrong(
                "no rate for the penalty",
                w - rate * g - strength * w,
                "The learning rate multiplies the penalty's gradient too.",
            ),
            Wrong(
                "penalty itself",
                w - rate * (g + strength * w * w / 2),
                "Subtract the gradient of the penalty, not its value.",
            ),
            Wrong("uphill", w + rate * (g + strength * w), "Go against the gradient: subtract it."),
            Wrong("L1", w - rate * (g + math.copysign(strength, w)), "This is the gradient of an L1 penalty."),
        ],
        explanation=f"The whole gradient is {g} + {strength}·{inside(w)} = {g + strength * w:.3f}; times {rate}, "
        f"subtracted from {w}.",
        places=3,
    )


@template(topic="vanishing gradients", difficulty=0.4)
def clipping_by_norm(d: Draw) -> Question:
    """First component of a gradient after clipping by its norm."""
    gradient, limit = d.decimals(3, -6.0, 6.0), d.choose(0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
    first = gradient[0]
    norm = math.hypot(*gradient)
    size = math.fsum(abs(v) for v in gradient)
    d.need(norm > 1.3 * limit and all(abs(v) > 0.3 for v in gradient))
    return Question(
        stem=f"A gradient is {row(gradient)}. It is clipped to the Euclidean norm {limit}. What is its first component "
        "afterwards?",
        key=_clip(np.array(gradient), limit),
        second=first / math.sqrt(math.fsum((v / limit) ** 2 for v in gradient)),
        wrong=[
            Wrong("not clipped", first, "The norm is above the limit: all components shrink."),
            Wrong(
                "by value",
                math.copysign(min(abs(first), limit), first),
                "This clips each component by itself; here the whole vector is scaled.",
            ),
            Wrong("unit length", first / norm, "This vector has the norm 1; multiply by the limit."),
            Wrong("L1 norm", first * limit / size, "The norm is Euclidean, not the sum of absolute values."),
            Wrong("norm not rooted", first * limit / norm**2, "Take the root of the sum of squares."),
            Wrong("sign", -first * limit / norm, "Clipping keeps the direction, so the sign stays."),
            Wrong("divided by the limit", first / limit, "Divide by the norm and multiply by the limit."),
            Wrong(
                "largest component",
                first * limit / max(abs(v) for v in gradient),
                "Divide by the norm, not by the largest component.",
            ),
        ],
        explanation=f"The norm is {norm:.4f}; every component is multiplied by {limit}/{norm:.4f}.",
        places=3,
    )
