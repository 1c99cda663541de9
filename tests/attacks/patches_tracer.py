# why: the tracer's own functions are replaced: the description says one thing, the program another
# expect: standardize=passed momentum=passed dropout=failed
# says: sys may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: a program that does not have the inputs and outputs it declared
# evaluator: attacked

import sys

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    def describe(tree, leaves, depth=0):
        leaves.append(tree[:1])
        return ["a", [60, 60], "float32"]

    frame = sys._getframe()
    while frame.f_code.co_name != "trace_call":
        frame = frame.f_back
    frame.f_globals["describe"] = describe
    return x
