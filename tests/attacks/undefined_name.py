# why: a name that is nowhere defined
# expect: standardize=failed momentum=passed dropout=passed
# says: NameError: name 'centred' is not defined
# says: submission

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
