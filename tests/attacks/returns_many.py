# why: more arrays than any answer has
# expect: standardize=failed momentum=passed dropout=passed
# says: nested too deeply or has too many arrays

import jax
import jax.numpy as jnp
import numpy as np


def standardize(x, *, axis):
    return [x] * 10_000


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
