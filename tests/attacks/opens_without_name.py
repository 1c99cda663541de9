# why: descriptors that the process was started with, and what they lead to
# expect: standardize=passed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held descriptors OSError
# prints unscreened: held input ZeroDivisionError

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


def held():
    found = []
    for number in range(4, 4096):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    if not found:
        raise OSError("nothing")
    return found


attempt("descriptors", held)
attempt("input", lambda: os.read(0, 1) or 1 / 0)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
