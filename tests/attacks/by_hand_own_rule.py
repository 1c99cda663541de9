# why: a function with a rule of its own, composed by forward mode
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.custom_jvp
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation does not work

import jax
import jax.numpy as jnp


@jax.custom_jvp
def half_square(x):
    return 0.5 * x**2


half_square.defjvp(lambda primals, tangents: (half_square(*primals), primals[0] * tangents[0]))


@jax.custom_jvp
def centre(x, axis):
    return x - x.mean(axis=axis, keepdims=True)


centre.defjvp(lambda primals, tangents: (centre(*primals), centre(tangents[0], primals[1])))


def energy(x, axis):
    return half_square(centre(x, axis)).sum()


def standardize(x, *, axis):
    centred = jax.jacfwd(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
