# why: an object that would run code wherever it is unpickled; nothing here unpickles
# expect: standardize=failed momentum=passed dropout=passed
# says: may not define __reduce__
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: result holds a Bomb

import jax
import jax.numpy as jnp


class Bomb:
    def __reduce__(self):
        return print, ("BREACH unpickled",)


def standardize(x, *, axis):
    return Bomb()


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
