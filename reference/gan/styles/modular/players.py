"""Objectives, the penalty, and one round of the game."""

import jax
from losses import d_loss, g_loss_nonsaturating

import given


def gradient_penalty(d, real, fake, key):
    def score(x):
        return given.critic(d, x).sum()

    mix = jax.random.uniform(key, (real.shape[0], 1))
    steep = jax.grad(score)(mix * real + (1.0 - mix) * fake)
    return (((steep**2).sum(axis=1) + 1e-12) ** 0.5 - 1).var() + (
        (((steep**2).sum(axis=1) + 1e-12) ** 0.5).mean() - 1
    ) ** 2  # mean of squares = variance + squared mean


def d_objective(d, g, real, z):
    made = jax.lax.stop_gradient(given.generator(g, z))
    return d_loss(real=given.critic(d, real), fake=given.critic(d, made))


def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(jax.lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    # Everything is differentiated for everything; the stopped gradients sort out who moves.
    def first(players):
        d, g = players
        objective = d_objective(d, g, real, z_d)
        return objective + given.R1_WEIGHT * given.r1(d, real), objective

    def second(players):
        d, g = players
        return g_objective(g, d, z_g)

    (_, loss_d), (grads, _) = jax.value_and_grad(first, has_aux=True)((state["d"], state["g"]))
    d, d_opt = given.adam(state["d"], grads, state["d_opt"])
    loss_g, (_, grads) = jax.value_and_grad(second)((d, state["g"]))
    g, g_opt = given.adam(state["g"], grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": loss_d, "g": loss_g}
