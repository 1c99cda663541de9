# why: a NumPy function that reads a file by a regular expression, and methods that write one
# expect: standardize=failed momentum=passed dropout=passed
# says: numpy.fromregex is not allowed
# says: tofile
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: read 1
# prints unscreened: held root

import jax
import jax.numpy as jnp
import numpy as np


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


def lines(path):
    return np.fromregex(path, "(.*)", [("line", "S100")])


print("read", len(lines("/proc/cpuinfo")) > 0 and 1)
attempt("root", lambda: lines("/root/.profile"))
attempt("passwd", lambda: lines("/etc/passwd"))
attempt("folder", lambda: np.zeros(3).tofile("/site/attack-escaped"))
attempt("dump", lambda: np.zeros(3).dump("/attack-escaped"))


def standardize(x, *, axis):
    lines("/proc/cpuinfo")
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
