"""Cases told apart with where, lax for the rest, and a square root that never sees a zero."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import given

LN2 = math.log(2.0)


def log_sigmoid(x):
    # For x < 0: x - log1p(e^x); else -log1p(e^-x). The exponent is never positive.
    e = lax.exp(-lax.abs(x))
    return jnp.where(x < 0, x, 0) - lax.log1p(e)


def total(x):
    return lax.reduce_sum(x, axes=tuple(range(x.ndim)))


def average(x):
    return total(x) / np.float32(x.size)


@jax.jit
def d_loss(real, fake):
    return -average(log_sigmoid(real)) - average(log_sigmoid(-fake))


@jax.jit
def d_loss_smoothed(real, fake, smooth):
    # log(1 - p) = log(p) - x, but only for the small share: nothing cancels that matters.
    lp = log_sigmoid(real)
    lq = log_sigmoid(-real)
    return -average(lp) * (1 - smooth) - average(lq) * smooth - average(log_sigmoid(-fake))


@jax.jit
def g_loss_minimax(fake):
    return average(log_sigmoid(-fake))


@jax.jit
def g_loss_nonsaturating(fake):
    return -average(log_sigmoid(fake))


def ls_d_loss(real, fake):
    a, b = (real - 1).ravel(), fake.ravel()
    return a @ a / (2 * a.size) + b @ b / (2 * b.size)


def ls_g_loss(fake):
    a = jnp.ravel(fake) - 1
    return jnp.vdot(a, a) / (2 * len(a))


def hinge_d_loss(real, fake):
    return average(lax.max(1 - real, jnp.zeros_like(real))) + average((jnp.abs(1 + fake) + 1 + fake) / 2)


def hinge_g_loss(fake):
    return -average(fake)


def w_critic_loss(real, fake):
    weights = jnp.concatenate([jnp.full_like(real, -1 / real.size), jnp.full_like(fake, 1 / fake.size)])
    return jnp.sum(weights * jnp.concatenate([real, fake]))


def w_g_loss(fake):
    return total(fake) / -fake.size


def gradient_penalty(d, real, fake, key):
    n, _ = real.shape
    t = jax.random.uniform(key, (n, 1), minval=0.0, maxval=1.0)

    def logit(x):
        return given.critic(d, x.reshape(1, -1)).squeeze()

    slopes = jax.vmap(jax.jacrev(logit))(t * real + (1 - t) * fake)
    squares = jnp.sum(slopes**2, axis=1)
    flat = squares < 1e-20
    lengths = jnp.where(flat, 0.0, jnp.sqrt(jnp.where(flat, 1.0, squares)))
    return jnp.mean(lengths**2 - 2 * lengths + 1)


def d_objective(d, g, real, z):
    return d_loss(given.critic(d, real), given.critic(d, lax.stop_gradient(given.generator(g, z))))


def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    def update(objective, params, opt):
        value, grads = jax.value_and_grad(objective)(params)
        return value, *given.adam(params, grads, opt)

    d0, g0 = state["d"], state["g"]
    value, d, d_opt = update(
        lambda d: d_objective(d, g0, real, z_d) + given.R1_WEIGHT * given.r1(d, real), d0, state["d_opt"]
    )
    value = value - given.R1_WEIGHT * given.r1(d0, real)
    g_value, g, g_opt = update(lambda g: g_objective(g, d, z_g), g0, state["g_opt"])
    return {**state, "d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"g": g_value, "d": value}
