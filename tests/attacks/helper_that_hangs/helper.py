import jax
import jax.numpy as jnp

import submission
import other


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


while True:
    pass
