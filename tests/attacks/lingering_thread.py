# why: a thread that outlives the functions, which are right
# expect: standardize=passed momentum=passed dropout=passed

import threading
import time

import jax
import jax.numpy as jnp


def wait():
    while True:
        time.sleep(1)


threading.Thread(target=wait).start()


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
