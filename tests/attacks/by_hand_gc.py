# why: the collector still knows every function that differentiates
# expect: standardize=failed momentum=passed dropout=passed
# says: gc may not be imported
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation does not work

import gc
import types

import jax
import jax.interpreters.ad
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


found = [
    f
    for f in gc.get_objects()
    if isinstance(f, types.FunctionType) and f.__module__ == jax.interpreters.ad.jvp.__module__
]
print("functions", len(found))


def standardize(x, *, axis):
    centred = [f for f in found if f.__name__ == "jvp"][0](energy, (x,), (jnp.ones_like(x),))
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
