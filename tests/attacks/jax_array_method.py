# why: an object that turns itself into an array when JAX asks
# expect: standardize=failed momentum=passed dropout=passed
# expect unscreened: standardize=failed momentum=passed dropout=passed

import jax
import jax.numpy as jnp


class Late:
    def __jax_array__(self):
        raise SystemExit("too late")


def standardize(x, *, axis):
    return x + Late()


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
