# why: jax.grad where the derivative is to be written by hand
# expect: standardize=failed momentum=passed dropout=passed
# says: automatic differentiation does not work

import jax
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def standardize(x, *, axis):
    centred = jax.grad(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
