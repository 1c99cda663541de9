# why: a constant so large that folding it takes the compiler for ever
# expect: standardize=passed momentum=passed dropout=failed
# says: did not finish in | too much memory
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
    y = jnp.arange(1 << 27, dtype=jnp.float32)
    for _ in range(40):
        y = jnp.cumsum(jnp.sin(y)) / 1e6
    return x * y[-1]
