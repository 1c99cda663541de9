# why: a timer's signal in the midst of a function; the first process of a namespace ignores it
# expect: standardize=passed momentum=failed dropout=passed
# says: signal may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: Tracing did not finish in

import signal
import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(60)


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
