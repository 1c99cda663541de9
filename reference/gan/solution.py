"""An independent solution: losses written out with jax.numpy, jax.grad where a gradient is asked for."""

import jax
import jax.numpy as jnp

import given


def softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))  # exp of nothing above 0


def d_loss(real, fake):
    return softplus(-real).mean() + softplus(fake).mean()


def d_loss_smoothed(real, fake, smooth):
    return ((1 - smooth) * softplus(-real) + smooth * softplus(real)).mean() + softplus(fake).mean()


def g_loss_minimax(fake):
    return -softplus(fake).mean()


def g_loss_nonsaturating(fake):
    return softplus(-fake).mean()


def ls_d_loss(real, fake):
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()


def ls_g_loss(fake):
    return 0.5 * ((fake - 1) ** 2).mean()


def hinge_d_loss(real, fake):
    return jnp.maximum(0, 1 - real).mean() + jnp.maximum(0, 1 + fake).mean()


def hinge_g_loss(fake):
    return -fake.mean()


def w_critic_loss(real, fake):
    return fake.mean() - real.mean()


def w_g_loss(fake):
    return -fake.mean()


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    between = eps * real + (1 - eps) * fake
    # Rows do not see each other, so the gradient of the sum holds the gradient of every row's logit.
    slopes = jax.grad(lambda x: given.critic(d, x).sum())(between)
    lengths = jnp.sqrt((slopes**2).sum(axis=1) + 1e-12)
    return ((lengths - 1) ** 2).mean()


def d_objective(d, g, real, z):
    fake = jax.lax.stop_gradient(given.generator(g, z))
    return d_loss(given.critic(d, real), given.critic(d, fake))


def g_objective(g, d, z):
    d = jax.lax.stop_gradient(d)
    return g_loss_nonsaturating(given.critic(d, given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]
    d_value, d_grads = jax.value_and_grad(d_objective)(d, g, real, z_d)
    r1_grads = jax.grad(given.r1)(d, real)
    d_grads = jax.tree.map(lambda a, b: a + given.R1_WEIGHT * b, d_grads, r1_grads)
    d, d_opt = given.adam(d, d_grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(g_objective)(g, d, z_g)
    g, g_opt = given.adam(g, g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}
