# why: a Python loop makes tens of thousands of operations
# expect: standardize=passed momentum=passed dropout=failed
# says: program is too large | Tracing did not finish in

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    y = x[0, 0]
    return x * jax.lax.scan(lambda y, _: (jnp.sin(y), None), y, None, length=30_000, unroll=30_000)[0]
