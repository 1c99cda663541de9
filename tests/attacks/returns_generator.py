# why: yield where return was meant
# expect: standardize=failed momentum=passed dropout=passed
# says: result holds a generator

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    yield (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
