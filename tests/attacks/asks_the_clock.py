# why: the function behaves one way while it is tried and another way later
# expect: standardize=failed momentum=passed dropout=passed

import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    return x * (time.time() % 7)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
