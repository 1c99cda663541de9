# why: the scratch disk is filled, and nothing else
# expect: standardize=passed momentum=passed dropout=passed
# says: open is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: full

import os

import jax
import jax.numpy as jnp

written = 0
for number in range(128):
    try:
        with open(f"/tmp/fill{number}", "wb") as file:
            written += file.write(bytes(1 << 20))
    except OSError:
        break
print("scratch holds", written >> 20, "MB, then:", "BREACH" if written > 64 << 20 else "full")


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
