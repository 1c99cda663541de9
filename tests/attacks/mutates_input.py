# why: the dict that was given is changed and returned
# expect: standardize=passed momentum=failed dropout=passed
# says: that it was given, which the caller still needs

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    state["v"] = 0.9 * state["v"] + grad["w"]
    state["w"] = state["w"] - 0.1 * state["v"]
    return state


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
