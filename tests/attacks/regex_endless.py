# why: a regular expression that backtracks for years
# expect: standardize=passed momentum=passed dropout=failed
# says: re may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: Tracing did not finish in

import re

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    re.match("(a|a|a|a)*b", "a" * 500)
    return x
