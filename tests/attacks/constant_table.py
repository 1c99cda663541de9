# why: answers prepared at home travel in as constants
# expect: standardize=passed momentum=passed dropout=failed
# says: too many constants

import jax
import jax.numpy as jnp
import numpy as np

table = np.sin(np.arange(16_900.0)).reshape(130, 130).astype("float32")


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return x * table[:60, :60] + table.sum() + jnp.asarray(table).mean()
