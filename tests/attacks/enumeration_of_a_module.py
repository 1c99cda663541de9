# why: an enumeration without members makes another of everything in a module
# expect: standardize=failed momentum=passed dropout=passed
# says: _convert_ is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: reached builtins
# prints unscreened: held reference ModuleNotFoundError
# prints unscreened: held autograder ModuleNotFoundError

import enum

import jax


class Empty(enum.Enum):
    pass


def is_wanted(name):
    return name == "import_module"


load = Empty._convert_("Tools", "importlib", is_wanted).import_module


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
