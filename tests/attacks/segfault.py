# why: a null pointer, by way of ctypes
# expect: standardize=passed momentum=failed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: Python process ended while the function was being traced

import ctypes

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    return ctypes.string_at(0)


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
