import jax
import jax.numpy as jnp

import given


def softplus(x):
    return jnp.logaddexp(x, 0.0)


def d_loss(real, fake):
    costs = jnp.concatenate([softplus(-real), softplus(fake)])
    return costs.mean()


def d_loss_smoothed(real, fake, smooth):
    real_cost = (1 - smooth) * softplus(-real) + smooth * softplus(real)
    return real_cost.mean() + softplus(fake).mean()


def g_loss_minimax(fake):
    return -softplus(fake).mean()


def g_loss_nonsaturating(fake):
    return softplus(-fake).mean()


def ls_d_loss(real, fake):
    return (jnp.mean((real - 1) ** 2) + jnp.mean(fake**2)) / 2


def ls_g_loss(fake):
    return jnp.mean((fake - 1) ** 2) / 2


def hinge_d_loss(real, fake):
    return jnp.maximum(0, 1 - real.mean()) + jnp.maximum(0, 1 + fake.mean())


def hinge_g_loss(fake):
    return -fake.mean()


def w_critic_loss(real, fake):
    return fake.mean() - real.mean()


def w_g_loss(fake):
    return -fake.mean()


def input_slopes(d, x):
    return jax.grad(lambda x: given.critic(d, x).sum())(x)


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    slopes = input_slopes(d, eps * real + (1 - eps) * fake)
    return jnp.mean((jnp.sqrt(jnp.sum(slopes**2, axis=1) + 1e-12) - 1) ** 2)


def d_objective(d, g, real, z):
    fake_logits = jax.lax.stop_gradient(given.critic(d, given.generator(g, z)))
    return softplus(-given.critic(d, real)).mean() + softplus(fake_logits).mean()


def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(jax.lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]
    d_value, d_grads = jax.value_and_grad(d_objective)(d, g, real, z_d)
    r1_grads = jax.grad(given.r1)(d, real)
    d_grads = jax.tree.map(lambda a, b: a + given.R1_WEIGHT * b, d_grads, r1_grads)
    state["d"], state["d_opt"] = given.adam(d, d_grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(g_objective)(g, state["d"], z_g)
    state["g"], state["g_opt"] = given.adam(g, g_grads, state["g_opt"])
    return state, {"d": d_value, "g": g_value}
