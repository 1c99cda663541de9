# why: a list that holds itself, and one that is a hundred thousand deep
# expect: standardize=failed momentum=failed dropout=passed
# says: nested too deeply

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    tree = [x]
    for _ in range(100_000):
        tree = [tree]
    return tree


def momentum(state, grad):
    state = [state["w"]]
    state.append(state)
    return state


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
