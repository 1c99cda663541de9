# why: a frame that announces four gigabytes
# expect: standardize=passed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: not a program

import os

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 8)
        except OSError:
            pass
    return state


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
