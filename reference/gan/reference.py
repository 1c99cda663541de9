"""The trusted side: the starter's signatures, with JAX, Flax and Optax library calls for bodies.

Runs in float64 for the truth and in float32 for the tolerance.  Networks, Adam and the R1 penalty are written with the
libraries too and not taken from ``given.py``, so that a slip there shows as well.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

Params = list[dict[str, jax.Array]]
State = dict[str, Any]

ADAM = optax.adam(2e-3, b1=0.5, b2=0.9, eps=1e-8)
R1_WEIGHT = 0.1
TINY = 1e-12  # inside the square root of the gradient penalty


# --- losses from logits ---


def _says_real(logits: jax.Array) -> jax.Array:
    return optax.sigmoid_binary_cross_entropy(logits, jnp.ones_like(logits)).mean()


def _says_fake(logits: jax.Array) -> jax.Array:
    return optax.sigmoid_binary_cross_entropy(logits, jnp.zeros_like(logits)).mean()


def d_loss(real: jax.Array, fake: jax.Array) -> jax.Array:
    return _says_real(real) + _says_fake(fake)


def d_loss_smoothed(real: jax.Array, fake: jax.Array, smooth: jax.Array) -> jax.Array:
    target = jnp.full_like(real, 1 - smooth)
    return optax.sigmoid_binary_cross_entropy(real, target).mean() + _says_fake(fake)


def g_loss_minimax(fake: jax.Array) -> jax.Array:
    return -_says_fake(fake)


def g_loss_nonsaturating(fake: jax.Array) -> jax.Array:
    return _says_real(fake)


def ls_d_loss(real: jax.Array, fake: jax.Array) -> jax.Array:
    return optax.l2_loss(real, jnp.ones_like(real)).mean() + optax.l2_loss(fake).mean()  # l2_loss has the factor 1/2


def ls_g_loss(fake: jax.Array) -> jax.Array:
    return optax.l2_loss(fake, jnp.ones_like(fake)).mean()


def hinge_d_loss(real: jax.Array, fake: jax.Array) -> jax.Array:
    return optax.hinge_loss(real, jnp.ones_like(real)).mean() + optax.hinge_loss(fake, -jnp.ones_like(fake)).mean()


def hinge_g_loss(fake: jax.Array) -> jax.Array:
    return -fake.mean()


def w_critic_loss(real: jax.Array, fake: jax.Array) -> jax.Array:
    return fake.mean() - real.mean()


def w_g_loss(fake: jax.Array) -> jax.Array:
    return -fake.mean()


# --- networks ---


def _mlp(params: Params, x: jax.Array) -> jax.Array:
    """Apply a stack of ``flax.nnx.Linear``: its kernel is (inputs, outputs), as in the handout."""
    for n, layer in enumerate(params):
        i, o = layer["w"].shape
        empty = nnx.eval_shape(lambda i=i, o=o: nnx.Linear(i, o, precision="highest", rngs=nnx.Rngs(0)))
        graph, state = nnx.split(empty)
        nnx.replace_by_pure_dict(state, {"kernel": layer["w"], "bias": layer["b"]})
        x = nnx.merge(graph, state)(x if n == 0 else jnp.tanh(x))
    return x


def _slopes(d: Params, x: jax.Array) -> jax.Array:
    """The gradient of every sample's logit for that sample, (N, D)."""
    return jax.vmap(jax.grad(lambda row: _mlp(d, row[None])[0, 0]))(x)


def gradient_penalty(d: Params, real: jax.Array, fake: jax.Array, key: jax.Array) -> jax.Array:
    # Bits depend on the dtype: draw in float32 whatever the truth is computed in.
    eps = jax.random.uniform(key, (real.shape[0], 1), jnp.float32).astype(real.dtype)
    slopes = _slopes(d, eps * real + (1 - eps) * fake)
    return jnp.mean((jnp.sqrt(jnp.sum(slopes**2, axis=1) + TINY) - 1) ** 2)


# --- the game ---


def d_objective(d: Params, g: Params, real: jax.Array, z: jax.Array) -> jax.Array:
    fake = jax.lax.stop_gradient(_mlp(g, z))
    return d_loss(_mlp(d, real), _mlp(d, fake))


def g_objective(g: Params, d: Params, z: jax.Array) -> jax.Array:
    return g_loss_nonsaturating(_mlp(jax.lax.stop_gradient(d), _mlp(g, z)))


def _adam(params: Params, grads: Params, opt: State) -> tuple[Params, State]:
    moments = optax.ScaleByAdamState(count=opt["t"], mu=opt["m"], nu=opt["v"])
    updates, (moments, _) = ADAM.update(grads, (moments, optax.EmptyState()), params)
    return optax.apply_updates(params, updates), {"m": moments.mu, "v": moments.nu, "t": moments.count}


def train_step(state: State, real: jax.Array, z_d: jax.Array, z_g: jax.Array) -> tuple[State, dict[str, jax.Array]]:
    def stabilised(d: Params) -> tuple[jax.Array, jax.Array]:
        loss = d_objective(d, state["g"], real, z_d)
        return loss + R1_WEIGHT * jnp.mean(jnp.sum(_slopes(d, real) ** 2, axis=1)), loss

    d_grads, d_value = jax.grad(stabilised, has_aux=True)(state["d"])
    d, d_opt = _adam(state["d"], d_grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(g_objective)(state["g"], d, z_g)
    g, g_opt = _adam(state["g"], g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}
