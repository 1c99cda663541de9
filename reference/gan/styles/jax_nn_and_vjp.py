"""One cross-entropy with targets, from jax.nn; gradients by jax.vjp."""

import functools

import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid, relu

import given


def bce(logits, targets):
    return -(targets * log_sigmoid(logits) + (1 - targets) * log_sigmoid(-logits)).mean()


def d_loss(real, fake):
    return bce(real, jnp.ones_like(real)) + bce(fake, jnp.zeros_like(fake))


def d_loss_smoothed(real, fake, smooth):
    return bce(real, jnp.ones_like(real) - smooth) + bce(fake, jnp.zeros_like(fake))


def g_loss_minimax(fake):
    return -bce(fake, 0.0)


def g_loss_nonsaturating(fake):
    return bce(fake, 1.0)


def half_square(x, target):
    return jnp.mean(0.5 * jnp.square(x - target))


def ls_d_loss(real, fake):
    return half_square(real, 1) + half_square(fake, 0)


ls_g_loss = functools.partial(half_square, target=1)


def hinge_d_loss(real, fake):
    return relu(1 - real).mean() + relu(1 + fake).mean()


def hinge_g_loss(fake):
    return w_g_loss(fake)


def w_critic_loss(real, fake):
    return jnp.mean(fake) - jnp.mean(real)


def w_g_loss(fake):
    return jnp.negative(fake).mean()


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, shape=(real.shape[0], 1), dtype=jnp.float32)
    logits, pull = jax.vjp(lambda x: given.critic(d, x), real * eps + fake * (1 - eps))
    (slopes,) = pull(jnp.ones_like(logits))
    squares = jnp.einsum("nd,nd->n", slopes, slopes)
    return jnp.mean((jnp.sqrt(squares + 1e-12) - 1) ** 2)


def d_objective(d, g, real, z):
    # Both batches in one pass, taken apart again before the means.
    samples = jnp.concatenate([real, jax.lax.stop_gradient(given.generator(g, z))])
    real_logits, fake_logits = jnp.split(given.critic(d, samples), [real.shape[0]])
    return d_loss(real_logits, fake_logits)


def g_objective(g, d, z):
    d = jax.lax.stop_gradient(d)
    return g_loss_nonsaturating(given.critic(d, given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    new = dict(state)
    loss, pull = jax.vjp(lambda d: d_objective(d, state["g"], real, z_d), state["d"])
    _, pull_r1 = jax.vjp(lambda d: given.r1(d, real), state["d"])
    one = jnp.ones_like(loss)
    grads = jax.tree.map(jnp.add, *pull(one), *pull_r1(given.R1_WEIGHT * one))
    new["d"], new["d_opt"] = given.adam(new["d"], grads, new["d_opt"])
    losses = {"d": loss}
    losses["g"], pull = jax.vjp(lambda g: g_objective(g, new["d"], z_g), state["g"])
    new["g"], new["g_opt"] = given.adam(new["g"], pull(one)[0], new["g_opt"])
    return new, losses
