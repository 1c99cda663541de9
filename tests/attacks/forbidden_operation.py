# why: an operation that this task forbids, hidden in a helper that is vmapped and jitted
# expect: standardize=failed momentum=passed dropout=passed
# says: program contains the operation stablehlo.sort

import jax
import jax.numpy as jnp


@jax.jit
def order(row):
    return jnp.sort(row)[jnp.argsort(jnp.argsort(row))]


def standardize(x, *, axis):
    x = jax.vmap(order)(x)
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
