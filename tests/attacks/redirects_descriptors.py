# why: the answers are sent to /dev/null, the errors to the answers
# expect: standardize=passed momentum=passed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed

import os

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    null = os.open("/dev/null", os.O_WRONLY)
    for descriptor in range(3, 16):
        try:
            os.dup2(null, descriptor)
        except OSError:
            pass
    return x
