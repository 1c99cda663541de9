# why: a function takes fewer arguments than the starter's
# expect: standardize=failed momentum=passed dropout=passed
# says: could not be called
# says: keep the signature of the starter: standardize(x, *, axis)

import jax
import jax.numpy as jnp


def standardize(x):
    return x


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
