# why: an object answers a library that asks for any attribute, with a pointer into memory
# expect: standardize=failed momentum=passed dropout=passed
# says: may not define __getattr__ like this
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: reached builtins
# prints unscreened: held reference ModuleNotFoundError
# prints unscreened: held autograder ModuleNotFoundError

import jax
import numpy as np


class Memory:
    def __getattr__(self, name):
        if name[2:17] != "array_interface":
            raise AttributeError(name)
        return {"data": (id(print) + 24, True), "typestr": "|O", "shape": (1,), "version": 3}


load = np.asarray(Memory())[0].eval("".join(["__imp", "ort__"]))


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


print("reached", load("builtins").__name__)
for name in ("reference", "solution", "autograder"):
    attempt(name, lambda: load(name))


def standardize(x, *, axis):
    numpy = load("jax").numpy
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / numpy.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
