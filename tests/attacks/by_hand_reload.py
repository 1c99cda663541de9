# why: the differentiating module is loaded again from its source, and all of JAX with it, which costs every function
# expect: standardize=failed momentum=passed dropout=passed
# says: jax._src
# expect unscreened: standardize=failed momentum=failed dropout=failed

import jax
import jax.numpy as jnp
import importlib
import sys

import jax._src.interpreters.ad


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def again():
    """Everything that knows of differentiation, forgotten and imported anew."""
    importlib.reload(jax._src.interpreters.ad)
    for name in [n for n in sys.modules if n.split(".")[0] == "jax"]:
        del sys.modules[name]
    return importlib.import_module("jax")


try:
    fresh = again()
except BaseException as error:
    print("held", type(error).__name__)
    fresh = jax


def standardize(x, *, axis):
    centred = fresh.grad(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
