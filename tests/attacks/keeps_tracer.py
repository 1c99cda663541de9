# why: an array kept from an earlier call is used in a later one
# expect: standardize=failed momentum=passed dropout=passed
# says: uses a value that was kept from an earlier call

import jax
import jax.numpy as jnp

seen = []


def standardize(x, *, axis):
    seen.append(x)
    x = seen[0]
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
