"""The toy assignment in library calls."""

import jax
import jax.numpy as jnp
import optax


def standardize(x, *, axis):
    return jax.nn.standardize(x, axis=axis, epsilon=0.0)


def momentum(state, grad):
    transform = optax.trace(decay=0.9)
    update, new = transform.update(grad["w"], optax.TraceState(state["v"]))
    return {"w": state["w"] - 0.1 * update, "v": new.trace}


def dropout(key, x, *, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)
