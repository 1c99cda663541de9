# why: an async function gives a coroutine, not an array
# expect: standardize=failed momentum=passed dropout=passed
# says: result holds a coroutine

import jax
import jax.numpy as jnp


async def standardize(x, *, axis):
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
