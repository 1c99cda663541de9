# why: the name of a function is bound to a class that remembers its arguments
# expect: standardize=failed momentum=passed dropout=passed
# says: result holds a standardize

import jax
import jax.numpy as jnp


class standardize:
    def __init__(self, x, *, axis):
        self.x, self.axis = x, axis


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
