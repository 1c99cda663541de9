# why: an exception whose name and text are the words for a measurement that was not asked for
# expect: standardize=failed momentum=failed dropout=passed
# expect unscreened: standardize=failed momentum=failed dropout=passed
# says unscreened: left out: only numbers were asked for

import jax
import jax.numpy as jnp


class Odd(Exception):
    pass


Odd.__name__ = Odd.__qualname__ = "left out"


def standardize(x, *, axis):
    raise Odd("only numbers were asked for")


def momentum(state, grad):
    raise ValueError("left out: only numbers were asked for")


def dropout(key, x, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0)
