# why: a string is no array
# expect: standardize=failed momentum=passed dropout=passed
# says: result holds a str

import jax
import jax.numpy as jnp
import numpy as np


def standardize(x, *, axis):
    return "done"


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
