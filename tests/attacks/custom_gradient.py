# why: a gradient rule that has nothing to do with the function
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.custom_vjp is not allowed
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: it is not the gradient of what your function computes

import jax
import jax.numpy as jnp


@jax.custom_vjp
def right(x):
    return x


right.defvjp(lambda x: (x, None), lambda _, g: (g * 2,))


def standardize(x, *, axis):
    x = right(x)
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
