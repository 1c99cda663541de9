# why: keys that are control characters, lone surrogates and right-to-left marks
# expect: standardize=failed momentum=passed dropout=passed
# says: result has the wrong structure

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    return {"\x1b[2J\x1b]0;owned\x07": x, "\ud800": x, "\u202egnp": x, "<script>alert(1)</script>": x}


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
