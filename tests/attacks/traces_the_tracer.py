# why: a trace function sees every frame of the tracer and changes its constants
# expect: standardize=passed momentum=passed dropout=failed
# says: sys may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed

import sys

import jax
import jax.numpy as jnp


def spy(frame, event, arg):
    if frame.f_code.co_name == "send":
        frame.f_locals["header"]["output"] = ["a", [10**9], "float32"]
    return spy


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    sys.settrace(spy)
    return x
