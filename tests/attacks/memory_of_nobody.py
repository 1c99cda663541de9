# why: memory that belongs to no process: segments, queues, memory files, shared and huge mappings, pipes
# expect: standardize=passed momentum=passed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held segment PermissionError
# prints unscreened: held memory file PermissionError
# prints unscreened: held shared PermissionError
# prints unscreened: held zero PermissionError
# prints unscreened: held socket PermissionError
# prints unscreened: held pipe PermissionError
# prints unscreened: held names OSError
# prints unscreened: held contents OSError

import ctypes
import fcntl
import mmap
import os
import socket

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


def pipes():
    reader, writer = os.pipe()
    return fcntl.fcntl(writer, 1031, 1 << 20)


def names():
    for number in range(5000):
        os.mkdir(f"/tmp/{number}")


def contents():
    for number in range(100):
        with open(f"/tmp/full{number}", "wb") as file:
            file.write(bytes(1 << 20))


SHARED = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
attempt("segment", lambda: call(29, 0, 100 << 20, 0o1600))
attempt("queue", lambda: call(68, 0, 0o1600))
attempt("semaphores", lambda: call(64, 0, 32000, 0o1600))
attempt("message queue", lambda: call(240, b"attack", 66, 0o600, None))
attempt("memory file", lambda: os.memfd_create("attack"))
attempt("secret memory", lambda: call(447, 0))
attempt("shared", lambda: mmap.mmap(-1, 100 << 20, SHARED))
attempt("zero", lambda: mmap.mmap(os.open("/dev/zero", os.O_RDWR), 100 << 20, mmap.MAP_SHARED))
attempt("huge", lambda: mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000))
attempt("growing", lambda: mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100))
attempt("socket", lambda: socket.socketpair())
attempt("pipe", pipes)
attempt("lock", lambda: fcntl.lockf(os.open("/tmp/lock", os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX))
attempt("names", names)
attempt("contents", contents)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
