# why: a list that grows without end
# expect: standardize=passed momentum=passed dropout=failed
# says: MemoryError | more than 900 MB | did not finish in 3 seconds

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    kept = []
    while True:
        kept.append(bytearray(1 << 26))
