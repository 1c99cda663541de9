# why: the paths of the instructor's machine, wherever the kernel or Python shows them
# expect: standardize=passed momentum=passed dropout=passed
# says: sys may not be imported | os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held /proc/1/cmdline FileNotFoundError
# prints unscreened: held /proc/self/mountinfo FileNotFoundError
# prints unscreened: held /proc/1/environ FileNotFoundError

import os
import sys

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


def read(path):
    with open(path) as file:
        return file.read()


for path in ("/proc/1/cmdline", "/proc/self/cmdline", "/proc/self/mountinfo", "/proc/mounts", "/proc/1/environ"):
    attempt(path, lambda: read(path))
for path in ("/proc/self/cgroup", "/proc/self/fd", "/sys/fs/cgroup", "/etc/passwd", "/etc/hostname", "/run", "/var"):
    attempt(path, lambda: os.listdir(path))
print("arguments", [a for a in sys.orig_argv if "/" in a and "ours" not in a and "python" not in a], dict(os.environ))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
