# why: shows one program while it is traced, would run another; the program is judged
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.core.Tracer is not allowed | jax.core is not allowed
# expect unscreened: standardize=failed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    if isinstance(x, jax.core.Tracer):
        return x
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
