# why: names in full-width letters are the plain names to Python, and Greek ones are fine
# expect: standardize=passed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


def ｓｔａｎｄａｒｄｉｚｅ(x, *, axis):
    μ = x.mean(axis=axis, keepdims=True)
    σ = jnp.sqrt(((x - μ) ** 2).mean(axis=axis, keepdims=True))
    return (x - μ) / σ


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
