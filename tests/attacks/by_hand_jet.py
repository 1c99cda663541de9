# why: Taylor series are derivatives by another way
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.experimental
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: jet is not written yet | jet

import jax
import jax.numpy as jnp
from jax.experimental import jet


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def standardize(x, *, axis):
    centred = derivative(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def derivative(x, axis):
    def along(direction):
        return jet.jet(lambda y: energy(y, axis), (x,), ((direction,),))[1][0]

    basis = jnp.eye(x.size).reshape(x.size, *x.shape)
    return jax.vmap(along)(basis).reshape(x.shape)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
