# why: the tracer's own names are the student's too; modules do not share them
# expect: standardize=passed momentum=passed dropout=passed
# expect unscreened: standardize=passed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


def describe(*args):
    raise SystemExit


build = trace_call = send = main = call = json = run = describe
request = {"calls": []}
print = describe


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
