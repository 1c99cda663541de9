"""The losses of a GAN: a complete submission."""

import jax
import jax.numpy as jnp

import given

# --- losses from logits ---


def d_loss(real, fake):
    return jnp.mean(jax.nn.softplus(-real)) + jnp.mean(jax.nn.softplus(fake))


def d_loss_smoothed(real, fake, smooth):
    t = 1.0 - smooth
    on_real = t * jax.nn.softplus(-real) + smooth * jax.nn.softplus(real)
    return jnp.mean(on_real) + jnp.mean(jax.nn.softplus(fake))


def g_loss_minimax(fake):
    return -jnp.mean(jax.nn.softplus(fake))


def g_loss_nonsaturating(fake):
    return jnp.mean(jax.nn.softplus(-fake))


# --- losses from scores ---


def ls_d_loss(real, fake):
    return 0.5 * jnp.mean((real - 1.0) ** 2) + 0.5 * jnp.mean(fake**2)


def ls_g_loss(fake):
    return 0.5 * jnp.mean((fake - 1.0) ** 2)


def hinge_d_loss(real, fake):
    return jnp.mean(jnp.maximum(0.0, 1.0 - real)) + jnp.mean(jnp.maximum(0.0, 1.0 + fake))


def hinge_g_loss(fake):
    return -jnp.mean(fake)


def w_critic_loss(real, fake):
    return jnp.mean(fake) - jnp.mean(real)


def w_g_loss(fake):
    return -jnp.mean(fake)


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    x = eps * real + (1.0 - eps) * fake
    slopes = jax.grad(lambda points: jnp.sum(given.critic(d, points)))(x)
    lengths = jnp.sqrt(jnp.sum(slopes**2, axis=1) + 1e-12)
    return jnp.mean((lengths - 1.0) ** 2)


# --- the game ---


def d_objective(d, g, real, z):
    fake = jax.lax.stop_gradient(given.generator(g, z))
    return d_loss(given.critic(d, real), given.critic(d, fake))


def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(jax.lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]

    def for_d(d):
        value = d_objective(d, g, real, z_d)
        return value + given.R1_WEIGHT * given.r1(d, real), value

    (_, d_value), d_grads = jax.value_and_grad(for_d, has_aux=True)(d)
    d, d_opt = given.adam(d, d_grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(g_objective)(g, d, z_g)
    g, g_opt = given.adam(g, g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}
