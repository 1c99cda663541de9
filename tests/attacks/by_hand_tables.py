# why: the emptied tables are filled again, with rules that the student knows
# expect: standardize=failed momentum=passed dropout=passed
# says: jax._src
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation does not work

import jax
import jax.numpy as jnp
from jax._src.interpreters import ad
from jax._src.lax import lax


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


ad.deflinear2(lax.neg_p, lambda t, x: [lax.neg(t)])
ad.defjvp(lax.integer_pow_p, lambda g, x, y: g * y * x ** (y - 1))
ad.primitive_jvps[lax.sub_p] = lambda primals, tangents: (lax.sub(*primals), lax.sub(*tangents))


def standardize(x, *, axis):
    centred = jax.grad(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
