# why: an exception that most programs let through
# expect: standardize=passed momentum=failed dropout=failed
# says: ends the program instead of returning

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    raise KeyboardInterrupt


def dropout(key, x, *, rate):
    raise SystemExit(0)
