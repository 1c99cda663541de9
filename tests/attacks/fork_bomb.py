# why: processes without end; the limit on processes stops them
# expect: standardize=passed momentum=passed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed

import os
import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    started = time.time()
    while time.time() - started < 1:
        try:
            os.fork()
        except OSError:
            time.sleep(0.1)
    time.sleep(600)
