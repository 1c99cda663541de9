# why: texts of constants that the screen folds, and that no machine can make
# expect: standardize=passed momentum=passed dropout=passed
# expect unscreened: standardize=passed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


def never():
    return "%d" % 1e999, "" * 1000000000000000000000000000000, "%d" % -1e999, "%s" % 1e999, "__%d__" % 1e999


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
