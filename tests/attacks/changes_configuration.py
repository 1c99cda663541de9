# why: JAX is told to use 64 bits from here on
# expect: standardize=passed momentum=passed dropout=failed
# says: jax.config is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: Wrong dtype

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    jax.config.update("jax_enable_x64", True)
    keep = jax.random.uniform(key, x.shape, dtype="float64") >= rate
    return x.astype("float64") * keep / (1 - rate)
