# why: a small imaginary step through the forward pass is its derivative, exact to the last digit
# expect: standardize=failed momentum=passed dropout=passed
# says: complex numbers
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: complex numbers

import jax
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def derivative(x, axis):
    steps = 1e-20j * jnp.eye(x.size).reshape(-1, *x.shape)
    return (jax.vmap(lambda step: energy(x + step, axis).imag)(steps) / 1e-20).reshape(x.shape)


def standardize(x, *, axis):
    centred = derivative(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
