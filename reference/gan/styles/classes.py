"""Objects: a loss has a side for each player, a player has parameters and an optimiser."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import given


class GanLoss(ABC):
    """Per-sample losses; the means are taken once, here."""

    @abstractmethod
    def on_real(self, x): ...

    @abstractmethod
    def on_fake(self, x): ...

    @abstractmethod
    def for_generator(self, x): ...

    def discriminator(self, real, fake):
        return jnp.mean(self.on_real(real)) + jnp.mean(self.on_fake(fake))

    def generator(self, fake):
        return jnp.mean(self.for_generator(fake))


@dataclass(frozen=True)
class CrossEntropy(GanLoss):
    target: Any = 1.0
    saturating: bool = False

    @staticmethod
    def softplus(x):
        big = jnp.where(x > 0, x, 0.0)
        return big + jnp.log1p(jnp.exp(x - 2 * big))  # x - 2 max(x, 0) is -|x|

    def on_real(self, x):
        return self.target * self.softplus(-x) + (1 - self.target) * self.softplus(x)

    def on_fake(self, x):
        return self.softplus(x)

    def for_generator(self, x):
        return -self.softplus(x) if self.saturating else self.softplus(-x)


class LeastSquares(GanLoss):
    def on_real(self, x):
        return (x - 1) ** 2 / 2

    def on_fake(self, x):
        return x**2 / 2

    for_generator = on_real


class Wasserstein(GanLoss):
    def on_real(self, x):
        return -x

    def on_fake(self, x):
        return x

    def for_generator(self, x):
        return -x


class Hinge(Wasserstein):
    def on_real(self, x):
        return jnp.where(x < 1, 1 - x, 0)

    def on_fake(self, x):
        return self.on_real(-x)


class Player(NamedTuple):
    params: Any
    opt: Any

    def moved(self, grads) -> Player:
        return Player(*given.adam(self.params, grads, self.opt))


def d_loss(real, fake):
    return CrossEntropy().discriminator(real, fake)


def d_loss_smoothed(real, fake, smooth):
    return CrossEntropy(target=1 - smooth).discriminator(real, fake)


def g_loss_minimax(fake):
    return CrossEntropy(saturating=True).generator(fake)


def g_loss_nonsaturating(fake):
    return CrossEntropy().generator(fake)


def ls_d_loss(real, fake):
    return LeastSquares().discriminator(real, fake)


def ls_g_loss(fake):
    return LeastSquares().generator(fake)


def hinge_d_loss(real, fake):
    return Hinge().discriminator(real, fake)


def hinge_g_loss(fake):
    return Hinge().generator(fake)


def w_critic_loss(real, fake):
    return Wasserstein().discriminator(real, fake)


def w_g_loss(fake):
    return Wasserstein().generator(fake)


def gradient_penalty(d, real, fake, key):
    class Line(NamedTuple):
        start: Any
        end: Any

        def at(self, t):
            return (1 - t) * self.start + t * self.end

    points = Line(fake, real).at(jax.random.uniform(key, real.shape[:1] + (1,)))
    _, slopes = jax.value_and_grad(lambda x: jnp.sum(given.critic(d, x)))(points)
    norm = jnp.sqrt(jnp.sum(slopes * slopes, axis=-1, keepdims=True) + 1e-12)
    return jnp.mean((norm - 1) ** 2)


def d_objective(d, g, real, z):
    fake = jax.lax.stop_gradient(given.generator(g, z))
    return CrossEntropy().discriminator(given.critic(d, real), given.critic(d, fake))


def g_objective(g, d, z):
    return CrossEntropy().generator(given.critic(jax.lax.stop_gradient(d), given.generator(g, z)))


def train_step(state, real, z_d, z_g):
    critic, artist = (Player(state[who], state[f"{who}_opt"]) for who in "dg")
    value, grads = jax.value_and_grad(d_objective)(critic.params, artist.params, real, z_d)
    smooth = jax.grad(given.r1)(critic.params, real)
    critic = critic.moved(jax.tree.map(lambda a, b: a + given.R1_WEIGHT * b, grads, smooth))
    g_value, grads = jax.value_and_grad(g_objective)(artist.params, critic.params, z_g)
    artist = artist.moved(grads)
    new = {"d": critic.params, "d_opt": critic.opt, "g": artist.params, "g_opt": artist.opt}
    return new, {"d": value, "g": g_value}
