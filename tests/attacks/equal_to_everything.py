# why: an object that says it equals whatever it is compared with
# expect: standardize=failed momentum=passed dropout=passed
# says: result holds a Right

import jax
import jax.numpy as jnp


class Right:
    shape, dtype = (4, 5), "float32"

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def __array__(self, dtype=None, copy=None):
        return self


def standardize(x, *, axis):
    return Right()


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
