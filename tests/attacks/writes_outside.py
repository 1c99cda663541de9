# why: files of the sandbox's world, and of the kernel, are written to
# expect: standardize=passed momentum=passed dropout=passed
# says: open is not allowed
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held /tracer.py
# prints unscreened: held /dev/shm/attack-escaped
# prints unscreened: held device
# prints unscreened: held root

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


def write(path):
    with open(path, "a") as file:
        file.write("escaped")


for path in (
    "/attack-escaped",
    "/tracer.py",
    "/site/jax/__init__.py",
    "/site/attack-escaped.py",
    os.__file__,
    "/dev/shm/attack-escaped",
    "/dev/attack-escaped",
    "/var/tmp/attack-escaped",
    "/etc/attack-escaped",
    "/root/attack-escaped",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/user/max_user_namespaces",
    "/proc/sysrq-trigger",
    "/proc/1/oom_score_adj",
    "/proc/1/mem",
    "/sys/attack-escaped",
):
    attempt(path, lambda: write(path))
for path in ("/tracer.py", "/site", "/", "/usr"):
    attempt("chmod " + path, lambda: os.chmod(path, 0o777))
    attempt("rename " + path, lambda: os.rename(path, "/tmp/moved"))
attempt("device", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("root", lambda: os.setuid(0))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
