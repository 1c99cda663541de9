# why: the answers are in a library; the library is not there
# expect: standardize=failed momentum=failed dropout=passed
# says: optax may not be imported
# expect unscreened: standardize=failed momentum=failed dropout=passed
# says unscreened: ModuleNotFoundError
# says unscreened: No module named 'optax'
# says unscreened: No module named 'flax'

import jax
import jax.numpy as jnp
import flax.linen
import optax
from flax import nnx


def standardize(x, *, axis):
    return nnx.standardize(x, axis=axis)


def momentum(state, grad):
    update, new = optax.trace(0.9).update(grad["w"], optax.TraceState(state["v"]))
    return {"w": state["w"] - 0.1 * update, "v": new.trace}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
