# why: a helper module has the name that calls go by; honest
# expect: standardize=passed momentum=passed dropout=passed
# expect unscreened: standardize=passed momentum=passed dropout=passed

import jax
import jax.numpy as jnp

from call import standardize


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
