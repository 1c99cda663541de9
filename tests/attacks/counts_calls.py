# why: the function is right the first time it is traced and lazy from then on
# expect: standardize=failed momentum=passed dropout=passed
# says: zero mean and unit variance

import jax
import jax.numpy as jnp

calls = []


def standardize(x, *, axis):
    calls.append(1)
    if len(calls) > 1:
        return x
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
