# why: with the limit on recursion lifted, the C stack overflows and the process dies
# expect: standardize=passed momentum=passed dropout=failed
# says: sys may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: Python process ended | RecursionError | calls itself without end | more than 900 MB | Tracing did not finish in

import sys

import jax
import jax.numpy as jnp

sys.setrecursionlimit(1 << 30)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    nested = []
    for _ in range(1 << 20):
        nested = [nested]
    return hash(repr(nested)) + dropout(key, x, rate=rate)
