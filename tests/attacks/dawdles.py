# why: every call takes a little less than it may, and there are several
# expect: standardize=failed momentum=passed dropout=passed
# says: Tracing did not finish in

import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    time.sleep(2.2)
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
