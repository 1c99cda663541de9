# why: a scope that is only called jvp is no derivative
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.named_scope is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    with jax.named_scope("jvp"), jax.named_scope("transpose"):
        centred = x - x.mean(axis=axis, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
