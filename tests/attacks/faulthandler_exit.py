# why: a watchdog of the standard library ends the process
# expect: standardize=passed momentum=failed dropout=passed
# says: faulthandler may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: Python process ended while the function was being traced

import faulthandler
import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    faulthandler.dump_traceback_later(0.05, exit=True)
    time.sleep(60)


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
