# why: a small program that needs 64 GB for one step in between
# expect: standardize=passed momentum=passed dropout=failed
# says: program needs too much memory
# evaluator: attacked

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    table = jnp.zeros((1 << 17, 1 << 17)) + x[0, 0]
    return x * jnp.cumsum(jnp.sort(table, axis=0), axis=1)[5, 7]
