# why: jax.grad inside the body of a loop inside jit
# expect: standardize=failed momentum=passed dropout=passed
# says: automatic differentiation does not work

import jax
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


@jax.jit
def slope(x):
    return jax.lax.fori_loop(0, 2, lambda i, s: jax.grad(energy)(x, 1), x)


def standardize(x, *, axis):
    centred = slope(x) if axis == 1 else slope(x.T).T
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
