# why: the work lies in a helper module that imports in a circle and then loops
# expect: standardize=passed momentum=passed dropout=passed
# says: did not end in time

import jax
import jax.numpy as jnp
from helper import momentum
from other import dropout


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))
