"""Every loss is a pair of functions of one score: what a real sample costs, and what a fake one does."""

import operator
from functools import reduce

import jax.numpy as jnp


def softplus(x):
    return jnp.log1p(jnp.exp(-jnp.abs(x))) + (x + jnp.abs(x)) / 2


def identity(x):
    return x


def hinge(x):
    return jnp.maximum(0.0, 1.0 + x)


def mean_of(cost):
    return lambda x: jnp.average(cost(x))


def both(on_real, on_fake):
    def loss(real, fake):
        return reduce(operator.add, (mean_of(on_real)(real), mean_of(on_fake)(fake)))

    return loss


d_loss = both(lambda x: softplus(-x), softplus)
g_loss_minimax = mean_of(lambda x: -softplus(x))
g_loss_nonsaturating = mean_of(lambda x: softplus(-x))
ls_d_loss = both(lambda x: (1 - x) ** 2 / 2, lambda x: x * x / 2)
ls_g_loss = mean_of(lambda x: (1 - x) ** 2 / 2)
hinge_d_loss = both(lambda x: hinge(-x), hinge)
hinge_g_loss = mean_of(jnp.negative)
w_critic_loss = both(jnp.negative, identity)
w_g_loss = mean_of(jnp.negative)


def d_loss_smoothed(real, fake, smooth):
    def on_real(x):
        return (1 - smooth) * softplus(-x) + smooth * softplus(x)

    return both(on_real, softplus)(real, fake)
