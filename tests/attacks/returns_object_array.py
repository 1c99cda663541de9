# why: NumPy arrays of Python objects have no numbers
# expect: standardize=failed momentum=passed dropout=passed
# says: dtype object

import jax
import jax.numpy as jnp
import numpy as np


def standardize(x, *, axis):
    return np.array([object(), x.shape], dtype=object)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
