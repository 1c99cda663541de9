# why: a grandchild in a session of its own, deaf to signals, lives on
# expect: standardize=passed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed

import os
import signal
import time

import jax
import jax.numpy as jnp

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(1)
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
