"""GAN losses, Aisha Rahman. Everything through softplus."""

import given
import jax
import jax.numpy as jnp
from jax.nn import softplus


def d_loss(real, fake):
    return softplus(-real).mean() + softplus(fake).mean()


def d_loss_smoothed(real, fake, smooth):
    t = 1 - smooth
    return (t * softplus(-real) + smooth * softplus(real)).mean() + softplus(fake).mean()


def g_loss_minimax(fake):
    return -softplus(fake).mean()


def g_loss_nonsaturating(fake):
    return softplus(-fake).mean()


def ls_d_loss(real, fake):
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()


def ls_g_loss(fake):
    return 0.5 * ((fake - 1) ** 2).mean()


def hinge_d_loss(real, fake):
    return jax.nn.relu(1 - real).mean() + jax.nn.relu(1 + fake).mean()


def hinge_g_loss(fake):
    return -fake.mean()


def w_critic_loss(real, fake):
    return fake.mean() - real.mean()


def w_g_loss(fake):
    return -fake.mean()


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    x = eps * real + (1 - eps) * fake
    slopes = jax.grad(lambda x: given.critic(d, x).sum())(x)
    return ((jnp.linalg.norm(slopes, axis=1) - 1) ** 2).mean()


def d_objective(d, g, real, z):
    fake = jax.lax.stop_gradient(given.generator(g, z))
    return d_loss(given.critic(d, real), given.critic(d, fake))


def g_objective(g, d, z):
    d = jax.lax.stop_gradient(d)
    return g_loss_nonsaturating(given.critic(d, given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]

    def total(d):
        loss = d_objective(d, g, real, z_d)
        return loss + given.R1_WEIGHT * given.r1(d, real), loss

    (_, d_value), grads = jax.value_and_grad(total, has_aux=True)(d)
    d, d_opt = given.adam(d, grads, state["d_opt"])
    g_value, grads = jax.value_and_grad(g_objective)(g, d, z_g)
    g, g_opt = given.adam(g, grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}
