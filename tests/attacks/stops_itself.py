# why: the process asks to be stopped; the first process of a namespace goes on
# expect: standardize=passed momentum=passed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: Share of zeros is 0

import os
import signal

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    os.kill(os.getpid(), signal.SIGSTOP)
    return x
