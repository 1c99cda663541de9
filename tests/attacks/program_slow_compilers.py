# why: two functions that each keep the compiler busy for ever, and take the time of the third
# expect: standardize=failed momentum=failed dropout=passed
# says: did not finish in | too much memory
# evaluator: attacked

import jax
import jax.numpy as jnp


def _large():
    y = jnp.arange(1 << 27, dtype=jnp.float32)
    for _ in range(40):
        y = jnp.cumsum(jnp.sin(y)) / 1e6
    return y[-1]


def standardize(x, *, axis):
    return x * _large()


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"] * _large()
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
