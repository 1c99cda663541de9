# why: the process ends at once, at the top of the file
# expect: standardize=passed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# says unscreened: ended the process

import os

import jax
import jax.numpy as jnp

os._exit(0)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
