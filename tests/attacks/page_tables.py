# why: one-page mappings in a gigabyte each: half a gigabyte of page tables, which is memory of no process
# expect: standardize=passed momentum=passed dropout=failed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: used more than

import ctypes
import time

import jax
import jax.numpy as jnp


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    ballast = bytearray(b"x") * (300 << 20)  # within the limit on its own
    made = 0
    for number in range(64_000):
        place = libc.mmap(0x10000000000 + (number << 30), 4096, 1, 0x100022, -1, 0)
        if place not in (None, 2**64 - 1):
            made += ctypes.string_at(place, 1) == bytes(1)
    time.sleep(1)
    print("BREACH" if made > 60_000 else "held", "tables", made, len(ballast))
    return x
