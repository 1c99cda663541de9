"""Yuki Tanaka. The penalty takes the whole Jacobian and picks what it needs."""

import functools

import given
import jax
import jax.numpy as jnp

sp = functools.partial(jnp.logaddexp, 0.0)
m = jnp.mean


def d_loss(real, fake):
    return m(sp(-real)) + m(sp(fake))


def d_loss_smoothed(real, fake, smooth):
    return m(sp(-real) * (1 - smooth) + sp(real) * smooth) + m(sp(fake))


def g_loss_minimax(fake):
    return -m(sp(fake))


def g_loss_nonsaturating(fake):
    return m(sp(-fake))


def ls_d_loss(real, fake):
    return m((real - 1) ** 2) / 2 + m(fake**2) / 2


def ls_g_loss(fake):
    return m((fake - 1) ** 2) / 2


def hinge_d_loss(real, fake):
    return m(jnp.maximum(1 - real, 0)) + m(jnp.maximum(1 + fake, 0))


def hinge_g_loss(fake):
    return -m(fake)


def w_critic_loss(real, fake):
    return m(fake) - m(real)


def w_g_loss(fake):
    return -m(fake)


def gradient_penalty(d, real, fake, key):
    n = real.shape[0]
    eps = jax.random.uniform(key, (n, 1))
    jacobian = jax.jacrev(lambda x: given.critic(d, x)[:, 0])(eps * real + (1 - eps) * fake)  # (n, n, D)
    slopes = jacobian[jnp.arange(n), jnp.arange(n)]
    return m((jnp.sqrt((slopes**2).sum(1) + 1e-12) - 1) ** 2)


def d_objective(d, g, real, z):
    return d_loss(given.critic(d, real), given.critic(d, jax.lax.stop_gradient(given.generator(g, z))))


def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(jax.lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]
    loss_d, grads = jax.value_and_grad(d_objective)(d, g, real, z_d)
    grads = jax.tree.map(lambda a, b: a + given.R1_WEIGHT * b, grads, jax.grad(given.r1)(d, real))
    new_d, d_opt = given.adam(d, grads, state["d_opt"])
    # the generator answers the discriminator that it just met
    loss_g, grads = jax.value_and_grad(g_objective)(g, d, z_g)
    new_g, g_opt = given.adam(g, grads, state["g_opt"])
    return {"d": new_d, "g": new_g, "d_opt": d_opt, "g_opt": g_opt}, {"d": loss_d, "g": loss_g}
