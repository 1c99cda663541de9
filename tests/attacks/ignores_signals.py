# why: every signal is ignored, and then a function never ends
# expect: standardize=passed momentum=passed dropout=failed
# says: signal may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: Tracing did not finish in

import signal

import jax
import jax.numpy as jnp

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    while True:
        pass
