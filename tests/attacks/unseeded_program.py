# why: an operation whose numbers come from nowhere
# expect: standardize=passed momentum=passed dropout=failed
# says: jax.lax.rng_uniform is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=failed

import jax
import jax.numpy as jnp
from jax.lax import rng_uniform


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return x * (rng_uniform(0.0, 1.0, x.shape) >= rate) / (1 - rate) * rng_uniform(0.0, 1.0, ())
