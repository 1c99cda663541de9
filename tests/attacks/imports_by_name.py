# why: modules fetched through the import machinery and the builtins
# expect: standardize=passed momentum=passed dropout=passed
# says: importlib may not be imported
# says: __builtins__ is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held optax ModuleNotFoundError
# prints unscreened: held autograder ModuleNotFoundError

import importlib
import sys

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


for name in ("flax", "optax", "autograder", "autograder.judge", "reference", "solution", "pip", "site"):
    if name == "site":
        continue
    attempt(name, lambda: importlib.import_module(name))
    attempt(name, lambda: __builtins__["__import__"](name))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
