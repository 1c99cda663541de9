# why: handlers for the end of the process, and objects that act when they are deleted
# expect: standardize=passed momentum=passed dropout=passed
# says: atexit may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed

import atexit
import time

import jax
import jax.numpy as jnp


class Late:
    def __del__(self):
        time.sleep(600)


kept = Late()
atexit.register(time.sleep, 600)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
