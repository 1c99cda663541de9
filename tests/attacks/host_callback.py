# why: the program asks the host while it runs
# expect: standardize=failed momentum=failed dropout=failed
# says: jax.pure_callback is not allowed
# says: jax.debug
# expect unscreened: standardize=failed momentum=failed dropout=failed

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    return jax.pure_callback(lambda x: x, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def momentum(state, grad):
    shown = [jax.debug.print("{}", grad)]  # a statement that only prints would be left out
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return jax.experimental.io_callback(lambda x: x, jax.ShapeDtypeStruct(x.shape, x.dtype), x)
