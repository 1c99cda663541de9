# why: a while_loop whose condition stays true
# expect: standardize=passed momentum=passed dropout=failed
# says: program did not finish in
# evaluator: attacked

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return jax.lax.while_loop(lambda x: jnp.isfinite(x).any(), lambda x: jnp.sin(x), x)
