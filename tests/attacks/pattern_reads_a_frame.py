# why: class patterns read the attributes that a named tuple names, of any registered class
# expect: standardize=failed momentum=passed dropout=passed
# says: collections may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: reached builtins
# prints unscreened: held reference ModuleNotFoundError
# prints unscreened: held autograder ModuleNotFoundError

import abc
import collections

import jax


class Frame(abc.ABC, collections.namedtuple("Frame", "tb_frame")):
    pass


class Names(abc.ABC, collections.namedtuple("Names", "f_builtins")):
    pass


class Keeper:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        Frame.register(type(traceback))
        match traceback:
            case Frame(frame):
                Names.register(type(frame))
                match frame:
                    case Names(names):
                        self.names = names
        return True


with Keeper() as keeper:
    1 / 0
load = keeper.names["__import__"]


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
