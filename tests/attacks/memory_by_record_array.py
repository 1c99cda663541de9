# why: a class of arrays beside numpy.ndarray takes memory, and finds objects in it
# expect: standardize=failed momentum=passed dropout=passed
# says: This use of numpy.recarray is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: reached builtins
# prints unscreened: held reference ModuleNotFoundError
# prints unscreened: held autograder ModuleNotFoundError

import jax
import numpy as np


def at(address):
    """Return the object at an address."""
    return np.recarray((1,), dtype=[("it", "O")], buf=number(address))["it"][0]


def number(value):
    return value.to_bytes(8, "little")


def read(address):
    """Read eight bytes through an array of bytes that is none: its header is ours, its contents lie anywhere."""
    header = number(1) + number(id(bytearray)) + number(8) + number(9) + number(address) * 2 + number(0)
    mine = np.frombuffer(header, "u1")
    pointer = np.array([header], "O")
    return int.from_bytes(bytes(at(id(header) + 32)), "little"), mine, pointer


builtins = at(read(id(print) + 24)[0])
pieces = ["__imp", "ort__"]
load = builtins.eval("".join(pieces))


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
