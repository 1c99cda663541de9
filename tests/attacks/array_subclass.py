# why: a NumPy array of another class, which lies about itself
# expect: standardize=failed momentum=passed dropout=passed
# says: may not define __array_ufunc__
# says: This use of numpy.ndarray is not allowed
# expect unscreened: standardize=failed momentum=passed dropout=passed

import jax
import jax.numpy as jnp
import numpy as np


class Sneaky(np.ndarray):
    def __eq__(self, other):
        return True

    @property
    def shape(self):
        return (4, 5)

    def __array_ufunc__(self, *args, **kwargs):
        return self


def standardize(x, *, axis):
    return np.zeros(20, "float32").view(Sneaky)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
