# why: the limits of the process are lifted
# expect: standardize=passed momentum=passed dropout=passed
# says: resource may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held RLIMIT_DATA ValueError
# prints unscreened: held RLIMIT_CPU ValueError

import resource

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


for name in ("RLIMIT_DATA", "RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_NOFILE"):
    limit = getattr(resource, name)
    attempt(name, lambda: resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
