# why: stop_gradient hides a part of the function from its gradient
# expect: standardize=failed momentum=passed dropout=passed
# says: it is not the gradient of what your function computes

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    mean, sd = jax.lax.stop_gradient((x.mean(axis=axis, keepdims=True), x.std(axis=axis, keepdims=True)))
    return (x - mean) / sd


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
