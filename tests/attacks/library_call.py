# why: linear algebra libraries and foreign functions are outside of the program
# expect: standardize=failed momentum=passed dropout=failed
# says: jax.numpy.linalg
# says: jax.ffi
# expect unscreened: standardize=failed momentum=passed dropout=failed
# says unscreened: program does something other than array operations

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    return jnp.linalg.qr(x)[0] @ jnp.ones((4, 5))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return jax.ffi.ffi_call("system", jax.ShapeDtypeStruct(x.shape, x.dtype))(x)
