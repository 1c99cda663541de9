# why: shells and compilers; there are none, and none may be started
# expect: standardize=passed momentum=passed dropout=passed
# says: subprocess may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held /bin/sh PermissionError
# prints unscreened: held /usr/bin/sudo PermissionError

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


import subprocess

for program in (
    "/bin/sh",
    "/usr/bin/sh",
    "/bin/bash",
    "/usr/bin/gcc",
    "/usr/bin/sudo",
    "/usr/bin/env",
    "/bin/su",
    "/usr/bin/bwrap",
):
    attempt(program, lambda: subprocess.run([program, "-c", "id"], check=True))
print("system", os.system("id"))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
