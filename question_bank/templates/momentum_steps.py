"""One step of gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside
from question_bank.templates.engine import Draw, Question, Wrong, template


def _with_velocity(nesterov: bool) -> Callable[..., jax.Array]:
    """A step of ``optax.sgd`` with momentum that starts at a given velocity."""

    def step(weight: float, gradient: float, velocity: float, rate: float, momentum: float) -> jax.Array:
        optimiser = optax.sgd(rate, momentum, nesterov)
        state = optimiser.init(weight)
        state = (state[0]._replace(trace=velocity), *state[1:])
        return jnp.asarray(optax.apply_updates(weight, optimiser.update(gradient, state)[0]))

    return jax.jit(step)


_heavy_ball, _nesterov = _with_velocity(False), _with_velocity(True)


@jax.jit
def _momentum_from_rest(weight: jax.Array, gradients: jax.Array, rate: float, momentum: float) -> jax.Array:
    optimiser = optax.sgd(rate, momentum)
    state = optimiser.init(weight)
    for gradient in gradients:
        updates, state = optimiser.update(gradient, state)
        weight = jnp.asarray(optax.apply_updates(weight, updates))
    return weight


@jax.jit
def _decoupled(
    weight: float, gradient: float, velocity: float, rate: float, momentum: float, strength: float
) -> jax.Array:
    optimiser = optax.chain(
        optax.trace(momentum), optax.add_decayed_weights(strength), optax.scale_by_learning_rate(rate)
    )
    state = optimiser.init(weight)
    state = (state[0]._replace(trace=velocity), *state[1:])
    return jnp.asarray(optax.apply_updates(weight, optimiser.update(gradient, state, weight)[0]))


def _velocity_numbers(d: Draw) -> tuple[float, float, float, float, float]:
    """Weight, gradient, velocity, learning rate, momentum."""
    weight, gradient, velocity = d.decimal(-2.0, 2.0), d.decimal(-4.0, 4.0), d.decimal(-4.0, 4.0)
    d.need(all(abs(v) > 0.3 for v in (weight, gradient, velocity)))
    return weight, gradient, velocity, d.choose(0.01, 0.02, 0.05, 0.1), d.choose(0.5, 0.7, 0.8, 0.9)


@template(topic="momentum", difficulty=0.4)
def momentum_step(d: Draw) -> Question:
    """One step with momentum."""
    w, g, v, rate, mu = _velocity_numbers(d)
    return Question(
        stem=f"Momentum is v ← {mu}·v + g, then w ← w − {rate}·v. Before the step w = {w} and v = {v}; the gradient is "
        f"g = {g}. What is w after the step?",
        key=_heavy_ball(w, g, v, rate, mu),
        second=w - rate * mu * v - rate * g,
        wrong=[
            Wrong("no momentum", w - rate * g, "The velocity from before counts too."),
            Wrong(
                "running mean",
                w - rate * (mu * v + (1 - mu) * g),
                "Here the gradient is added whole, not with the weight 1 − μ.",
            ),
            Wrong("velocity not shrunk", w - rate * (v + g), "Multiply the old velocity by the momentum."),
            Wrong("old velocity", w - rate * v, "Update the velocity before you use it."),
            Wrong("added", w + rate * (mu * v + g), "Go against the velocity: subtract it."),
            Wrong("no gradient", w - rate * mu * v, "Add the gradient to the velocity."),
            Wrong("no rate for velocity", w - mu * v - rate * g, "The learning rate multiplies the whole velocity."),
            Wrong(
                "nesterov",
                w - rate * (g + mu * (mu * v + g)),
                "This is Nesterov's step, which uses the momentum once more.",
            ),
        ],
        explanation=f"v becomes {mu}·{inside(v)} + {inside(g)} = {mu * v + g:.2f}, and w becomes {w} − "
        f"{rate}·{inside(mu * v + g, '.2f')}.",
        places=3,
    )


@template(topic="momentum", difficulty=0.5)
def nesterov_step(d: Draw) -> Question:
    """One step with Nesterov momentum."""
    w, g, v, rate, mu = _velocity_numbers(d)
    new = mu * v + g
    return Question(
        stem=f"Nesterov momentum in Optax's form is v ← {mu}·v + g, then w ← w − {rate}·(g + {mu}·v) with the new v. "
        f"Before the step w = {w} and v = {v}; the gradient is g = {g}. What is w after the step?",
        key=_nesterov(w, g, v, rate, mu),
        second=w - rate * g * (1 + mu) - rate * mu * mu * v,
        wrong=[
            Wrong("heavy ball", w - rate * new, "This is plain momentum; Nesterov's step uses g + μ·v with the new v."),
            Wrong("new velocity not shrunk", w - rate * (g + new), "Multiply the new velocity by the momentum."),
            Wrong("no gradient", w - rate * mu * new, "Add the gradient once more to the shrunk velocity."),
            Wrong("no momentum", w - rate * g, "The velocity counts too."),
            Wrong("added", w + rate * (g + mu * new), "Go downhill: subtract."),
            Wrong(
                "running mean",
                w - rate * (g + mu * (mu * v + (1 - mu) * g)),
                "Here the gradient is added whole, not with the weight 1 − μ.",
            ),
        ],
        explanation=f"v becomes {new:.3f}, and w becomes {w} − {rate}·({g} + {mu}·{inside(new, '.3f')}).",
        places=3,
    )


@template(topic="momentum", difficulty=0.45)
def momentum_two_steps(d: Draw) -> Question:
    """Two steps with momentum from rest."""
    w, g, h, rate, mu = _velocity_numbers(d)
    return Question(
        stem=f"Momentum is v ← {mu}·v + g, then w ← w − {rate}·v. It starts with v = 0 at w = {w}. The gradients of "
        f"the first two steps are {g} and {h}. What is w after both steps?",
        key=_momentum_from_rest(w, np.array([g, h]), rate, mu),
        second=w - rate * ((1 + mu) * g + h),
        wrong=[
            Wrong(
                "no momentum",
                w - rate * (g + h),
                "In the second step part of the first gradient is still in the velocity.",
            ),
            Wrong("second step only", w - rate * (mu * g + h), "The first step moves w too."),
            Wrong("first step only", w - rate * g, "The second step is missing."),
            Wrong(
                "velocity not shrunk",
                w - rate * (2 * g + h),
                "Multiply the old velocity by the momentum in the second step.",
            ),
            Wrong(
                "running mean",
                w - rate * (1 - mu) * ((1 + mu) * g + h),
                "Here the gradient is added whole, not with the weight 1 − μ.",
            ),
            Wrong("added", w + rate * ((1 + mu) * g + h), "Go against the velocity: subtract it."),
            Wrong("order", w - rate * ((1 + mu) * h + g), "The first gradient is the one that is felt twice."),
            Wrong("both twice", w - rate * (1 + mu) * (g + h), "The second gradient has been used only once so far."),
        ],
        explanation=f"v is {g}, then {mu}·{inside(g)} + {inside(h)} = {mu * g + h:.2f}; both are subtracted, times "
        f"{rate}.",
        places=3,
    )


@template(topic="weight decay", difficulty=0.5)
def decoupled_weight_decay(d: Draw) -> Question:
    """A step with momentum and decoupled weight decay."""
    w, g, v, rate, mu = _velocity_numbers(d)
    strength = d.choose(0.1, 0.2, 0.3, 0.5)
    new = mu * v + g
    return Question(
        stem=f"Momentum with decoupled weight decay is v ← {mu}·v + g, then w ← w − η·(v + λ·w), with η = {rate} and λ "
        f"= {strength}. Before the step w = {w} and v = {v}; the gradient is g = {g}. What is w after the step?",
        key=_decoupled(w, g, v, rate, mu, strength),
        second=w * (1 - rate * strength) - rate * mu * v - rate * g,
        wrong=[
            Wrong("no decay", w - rate * new, "The decay λ·w is missing."),
            Wrong(
                "no rate for the decay", w - rate * new - strength * w, "The learning rate multiplies the decay too."
            ),
            Wrong("sign", w - rate * (new - strength * w), "The decay pulls the weight towards 0."),
            Wrong("no momentum", w - rate * (g + strength * w), "The velocity from before counts too."),
            Wrong("old velocity", w - rate * (v + strength * w), "Update the velocity before you use it."),
            Wrong("doubled", w - rate * (new + 2 * strength * w), "The decay is λ·w, without a factor 2."),
            Wrong("added", w + rate * (new + strength * w), "Subtract the step."),
            Wrong(
                "velocity decayed",
                w - rate * new * (1 + strength),
                "The decay multiplies the weight, not the velocity.",
            ),
        ],
        explanation=f"v becomes {new:.2f}, and w becomes {w} − {rate}·({new:.2f} + {strength}·{inside(w)}).",
        places=3,
    )
