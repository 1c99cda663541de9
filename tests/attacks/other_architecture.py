# why: a system call in another architecture's way goes around a filter that forgot it
# expect: standardize=passed momentum=failed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: Python process ended | used up its limit

import ctypes

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


libc = ctypes.CDLL(None, use_errno=True)


def momentum(state, grad):
    print("BREACH", libc.syscall(ctypes.c_long(0x40000000 | 39)))
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
