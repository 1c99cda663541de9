# why: the result is transposed
# expect: standardize=failed momentum=passed dropout=passed
# says: result looks transposed

import jax
import jax.numpy as jnp
import numpy as np


def standardize(x, *, axis):
    return ((x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)).T


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
