# why: jax.grad under another name, through a dict and partial
# expect: standardize=failed momentum=passed dropout=passed
# says: automatic differentiation does not work

import jax
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


from functools import partial

tools = {"slope": jax.grad}


def standardize(x, *, axis):
    centred = partial(tools["slope"], energy)()(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
