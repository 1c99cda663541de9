# why: root of a new user namespace could mount memory without end
# expect: standardize=passed momentum=passed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held user namespace PermissionError

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def become_root():
    child = os.fork()
    if child == 0:
        failed = libc.unshare(0x10000000) == -1 or libc.unshare(0x00020000) == -1
        os._exit(1 if failed or libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"") == -1 else 0)
    if os.waitpid(child, 0)[1]:
        raise PermissionError


attempt("user namespace", become_root)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
