# why: an exception whose name and text are the words of a fault of ours
# expect: standardize=failed momentum=failed dropout=passed
# expect unscreened: standardize=failed momentum=failed dropout=passed
# says unscreened: Not judged: hello | not judged: hello

import jax
import jax.numpy as jnp


class Odd(Exception):
    pass


Odd.__name__ = Odd.__qualname__ = "not judged"


def standardize(x, *, axis):
    raise Odd("hello")


def momentum(state, grad):
    raise ValueError("not judged, and not the student's fault: the sandbox failed")


def dropout(key, x, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0)
