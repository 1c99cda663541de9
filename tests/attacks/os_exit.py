# why: the process ends at once, without an exception
# expect: standardize=passed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: Python process ended while the function was being traced

import os

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    os._exit(0)


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
