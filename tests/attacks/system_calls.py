# why: mounts, new namespaces, kernel modules, the clock, reboot
# expect: standardize=passed momentum=passed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held mount
# prints unscreened: held setns
# prints unscreened: held reboot

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


def call(name, *args):
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)


attempt("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, b""))
attempt("remount", lambda: call("mount", b"none", b"/", None, 32, None))
attempt("umount", lambda: call("umount2", b"/proc", 2))
attempt("pivot", lambda: call("syscall", 155, b"/tmp", b"/tmp"))
attempt("unshare net", lambda: call("unshare", 0x40000000))
attempt("unshare mount", lambda: call("unshare", 0x00020000))
attempt("setns", lambda: call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
attempt("hostname", lambda: call("sethostname", b"owned", 5))
attempt("module", lambda: call("syscall", 313, 0, b"", 0))
attempt("bpf", lambda: call("syscall", 321, 5, None, 0))
attempt("reboot", lambda: call("reboot", 0x01234567))
attempt("clock", lambda: call("settimeofday", bytes(16), None))
attempt("priority", lambda: call("setpriority", 0, 0, -20))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
