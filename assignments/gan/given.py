"""What is written for you: two small networks, their optimiser, a stabiliser, and the ring of eight Gaussians.

Import it as ``import given``.  Parameters of a network are a list with one dict per layer, {"w": (i, o), "b": (o,)}.
The last three functions play the game with your ``train_step``.  There ``student`` is any object that holds your
functions: the grader passes your submission; in a file of your own, a ``types.SimpleNamespace`` of them will do.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

Params = list[dict[str, Any]]

LATENT = 4  # numbers in the noise of one sample, on the ring
MODES, RADIUS, SPREAD = 8, 2.0, 0.2  # the ring: so many Gaussians, on a circle of this radius, this wide
BATCH = 128
LEARNING_RATE, BETA1, BETA2, EPSILON = 2e-3, 0.5, 0.9, 1e-8
R1_WEIGHT = 0.1


# --- networks ---


def critic(params: Params, x: Any) -> Any:
    """Score samples x (N, D) with one logit each, (N, 1): the higher, the more real.  Every row is on its own."""
    return _mlp(params, x)


def generator(params: Params, z: Any) -> Any:
    """Turn noise z (M, L) into samples (M, D)."""
    return _mlp(params, z)


def _mlp(params: Params, x: Any) -> Any:
    for layer in params[:-1]:
        x = jnp.tanh(x @ layer["w"] + layer["b"])
    return x @ params[-1]["w"] + params[-1]["b"]


def mlp_init(key: Any, sizes: tuple[int, ...]) -> Params:
    """Draw the parameters of a network: weights N(0, 2 / inputs), biases 0."""
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.normal(k, (i, o), jnp.float32) * math.sqrt(2 / i), "b": jnp.zeros(o, jnp.float32)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


# --- optimiser and stabiliser ---


def adam_init(params: Params) -> dict[str, Any]:
    """Return Adam's state before the first step."""
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"m": zeros, "v": zeros, "t": jnp.zeros((), jnp.int32)}


def adam(params: Params, grads: Params, opt: dict[str, Any]) -> tuple[Params, dict[str, Any]]:
    """Take one step of Adam downhill; return the new parameters and the new state of the optimiser."""
    t = opt["t"] + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, opt["m"], grads)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, opt["v"], grads)
    rate, damp = LEARNING_RATE / (1 - BETA1**t), 1 / (1 - BETA2**t)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(damp * v) + EPSILON), params, m, v)
    return params, {"m": m, "v": v, "t": t}


def r1(d: Params, real: Any) -> Any:
    """Return the mean squared length of the critic's gradient at real samples, ().

    Added to the critic's loss, it keeps the critic flat where the data are, and the game from going round in circles.
    Mescheder, Geiger and Nowozin 2018, https://arxiv.org/abs/1801.04406
    """
    slopes = jax.grad(lambda x: critic(d, x).sum())(real)
    return jnp.mean(jnp.sum(slopes**2, axis=1))


# --- the game ---


def ring(key: Any, n: int) -> Any:
    """Draw n samples (n, 2) of the target: eight Gaussians on a circle."""
    which, where = jax.random.split(key)
    angle = jax.random.randint(which, (n,), 0, MODES) * (2 * math.pi / MODES)
    centres = RADIUS * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    return centres + SPREAD * jax.random.normal(where, (n, 2), jnp.float32)


def start(student: Any, key: Any, *, width: int) -> dict[str, Any]:
    """Draw both networks, with two hidden layers each, and start both optimisers."""
    for_d, for_g = jax.random.split(key)
    d = mlp_init(for_d, (2, width, width, 1))
    g = mlp_init(for_g, (LATENT, width, width, 2))
    return {"d": d, "g": g, "d_opt": adam_init(d), "g_opt": adam_init(g)}


def play(student: Any, state: dict[str, Any], seed: Any, *, width: int) -> tuple[dict[str, Any], Any]:
    """Draw one batch of real samples and two of noise, and take your ``train_step``; seed is () int32.

    Returns the new state and the critic's loss.
    """
    data, noise_d, noise_g = jax.random.split(jax.random.key(seed), 3)
    z_d = jax.random.normal(noise_d, (BATCH, LATENT), jnp.float32)
    z_g = jax.random.normal(noise_g, (BATCH, LATENT), jnp.float32)
    state, losses = student.train_step(state, ring(data, BATCH), z_d, z_g)
    return state, losses["d"]


def sample(student: Any, state: dict[str, Any], z: Any, *, width: int) -> Any:
    """Return what the generator makes of the noise z (M, LATENT)."""
    return generator(state["g"], z)
