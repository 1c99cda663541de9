# why: keys of the instructor's login are read, a note for the next submission is left
# expect: standardize=passed momentum=passed dropout=passed
# says: ctypes may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held search -3 PermissionError
# prints unscreened: held request PermissionError
# prints unscreened: held join by name PermissionError
# prints unscreened: held list FileNotFoundError

import ctypes

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


SESSION, USER, USER_SESSION = -3, -4, -5
for ring in (SESSION, USER, USER_SESSION):
    attempt(f"search {ring}", lambda: call(250, 10, ring, b"user", b"attack-note", 0))
    attempt(f"add {ring}", lambda: call(248, b"user", b"attack-note", b"hello", 5, ring))
    attempt(f"read {ring}", lambda: call(250, 11, ring, bytes(512), 512))
    attempt(f"link {ring}", lambda: call(250, 8, ring, SESSION))
attempt("request", lambda: call(249, b"user", b"attack-planted", None, SESSION))
attempt("join by name", lambda: call(250, 1, b"attack-ring"))
attempt("parent", lambda: call(250, 18))
attempt("list", lambda: open("/proc/keys").read())


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
