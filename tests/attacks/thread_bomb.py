# why: threads without end; the limit on processes stops them
# expect: standardize=passed momentum=passed dropout=failed
# says: can't start new thread | Tracing did not finish in
# expect unscreened: standardize=passed momentum=passed dropout=failed

import threading
import time

import jax
import jax.numpy as jnp


def wait():
    time.sleep(600)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    while True:
        threading.Thread(target=wait).start()
