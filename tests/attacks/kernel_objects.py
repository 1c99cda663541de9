# why: objects that the kernel keeps for a process: timers, watches, locks, attributes, and ways to schedule it
# expect: standardize=passed momentum=passed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held timer
# prints unscreened: held watch
# prints unscreened: held lock of a page

import ctypes
import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


libc = ctypes.CDLL(None, use_errno=True)


def call(number, *args):
    """Make a system call by its number on x86-64."""
    found = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if found == -1:
        raise OSError(ctypes.get_errno(), str(number))
    return found


page = ctypes.create_string_buffer(8192)
low, high = os.pipe()
os.write(high, b"x")
for what, number, arguments in (
    ("timer", 222, (0, None, page)),
    ("timer file", 283, (0, 0)),
    ("watch", 294, (0,)),
    ("old watch", 253, ()),
    ("signal file", 289, (-1, bytes(8), 8, 0)),
    ("asynchronous work", 206, (8, page)),
    ("lock of a page", 149, (page, 4096)),
    ("lock of all", 151, (2,)),
    ("lock of a file", 73, (low, 2)),
    ("attribute", 188, (b"/tmp", b"user.x", b"x", 1, 0)),
    ("splice", 275, (low, None, high, None, 1, 0)),
    ("tee", 276, (low, high, 1, 0)),
    ("send file", 40, (high, low, None, 1)),
    ("nonlinear pages", 216, (page, 4096, 0, 0, 0)),
    ("shadow stack", 453, (0, 4096, 0)),
    ("sealed mapping", 462, (page, 4096, 0)),
    ("rules of its own", 444, (None, 0, 1)),
    ("descriptors of its own", 272, (0x400,)),
    ("process of its own", 56, (17, 0, 0, 0, 0)),
    ("processors", 203, (0, 8, b"\x01" + bytes(7))),
    ("real time", 144, (0, 1, b"\x01\0\0\0")),
    ("deadline", 314, (0, page, 0)),
    ("priority", 141, (0, 0, -5)),
    ("lower priority", 141, (2, 0, 19)),
    ("priority of files", 251, (1, 0, 1)),
    ("speculation", 157, (53, 0, 2, 0, 0)),
    ("subreaper", 157, (36, 1, 0, 0, 0)),
    ("death signal", 157, (1, 9, 0, 0, 0)),
    ("dumpable", 157, (4, 1, 0, 0, 0)),
    ("capability", 157, (47, 2, 21, 0, 0)),
    ("high bits", 157, (0x100000000 | 22, 2, page, 0, 0)),
    ("huge pages", 157, (41, 1, 0, 0, 0)),
    ("kernel log", 103, (3, page, 100)),
    ("host name", 170, (b"owned", 5)),
    ("quota", 179, (0, None, 0, None)),
    ("root", 161, (b"/tmp",)),
    ("group", 116, (1, bytes(4))),
):
    attempt(what, lambda: call(number, *arguments))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
