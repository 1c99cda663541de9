"""jnp.logaddexp for every logarithm, one sample at a time under vmap, the stabiliser inside one objective."""

import jax
import jax.numpy as jnp
from jax import Array

import given


def neg_log_sigmoid(x: Array) -> Array:
    return jnp.logaddexp(0.0, -x)


def d_loss(real: Array, fake: Array) -> Array:
    return jnp.mean(neg_log_sigmoid(real)) + jnp.mean(neg_log_sigmoid(-fake))


def d_loss_smoothed(real: Array, fake: Array, smooth: Array) -> Array:
    right, wrong = neg_log_sigmoid(real), neg_log_sigmoid(-real)
    return jnp.mean(right + smooth * (wrong - right)) + jnp.mean(neg_log_sigmoid(-fake))


def g_loss_minimax(fake: Array) -> Array:
    return jnp.mean(-neg_log_sigmoid(-fake))


def g_loss_nonsaturating(fake: Array) -> Array:
    return jnp.mean(neg_log_sigmoid(fake))


def ls_d_loss(real: Array, fake: Array) -> Array:
    return (jnp.mean(jnp.square(real - 1.0)) + jnp.mean(jnp.square(fake))) / 2


def ls_g_loss(fake: Array) -> Array:
    return jnp.mean(jnp.square(fake - 1.0)) / 2


def hinge_d_loss(real: Array, fake: Array) -> Array:
    return jnp.mean(jnp.clip(1.0 - real, 0.0)) + jnp.mean(jnp.clip(1.0 + fake, 0.0))


def hinge_g_loss(fake: Array) -> Array:
    return -jnp.mean(fake)


def w_critic_loss(real: Array, fake: Array) -> Array:
    return -(jnp.mean(real) - jnp.mean(fake))


def w_g_loss(fake: Array) -> Array:
    return jnp.mean(-fake)


def gradient_penalty(d, real: Array, fake: Array, key: Array) -> Array:
    score = lambda x: given.critic(d, x[None, :])[0, 0]

    def of_one(r, f, e):
        slope = jax.grad(score)(f + e * (r - f))
        return jnp.square(jnp.sqrt(jnp.dot(slope, slope) + 1e-12) - 1.0)

    eps = jax.random.uniform(key, (len(real), 1))
    return jnp.mean(jax.vmap(of_one)(real, fake, eps))


def d_objective(d, g, real: Array, z: Array) -> Array:
    fake = given.generator(jax.lax.stop_gradient(g), z)
    return d_loss(given.critic(d, real), given.critic(d, fake))


def g_objective(g, d, z: Array) -> Array:
    frozen = jax.tree.map(jax.lax.stop_gradient, d)
    return g_loss_nonsaturating(given.critic(frozen, given.generator(g, z)))


def train_step(state, real: Array, z_d: Array, z_g: Array):
    def stabilised(d):
        loss = d_objective(d, state["g"], real, z_d)
        return loss + given.R1_WEIGHT * given.r1(d, real), loss

    (_, loss_d), grads = jax.value_and_grad(stabilised, has_aux=True)(state["d"])
    d, d_opt = given.adam(state["d"], grads, state["d_opt"])
    loss_g, grads = jax.value_and_grad(lambda g: g_objective(g, d, z_g))(state["g"])
    g, g_opt = given.adam(state["g"], grads, state["g_opt"])
    return dict(d=d, g=g, d_opt=d_opt, g_opt=g_opt), dict(d=loss_d, g=loss_g)
