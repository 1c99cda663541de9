# why: a fresh interpreter, in a process of its own or in this one, still differentiates
# expect: standardize=passed momentum=passed dropout=passed
# says: subprocess may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held process PermissionError
# prints unscreened: held spawn PermissionError
# prints unscreened: held fork PermissionError

import subprocess
import sys

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


def inside():
    import _xxsubinterpreters as interpreters

    other = interpreters.create()
    interpreters.run_string(other, "import jax; print(jax.grad(lambda x: x * x)(1.0))")


attempt("process", lambda: subprocess.run([sys.executable, "-c", "import jax"], check=True))
attempt("spawn", lambda: __import__("os").posix_spawn(sys.executable, [sys.executable, "-c", "import jax"], {}))
attempt("fork", lambda: __import__("os").fork())
attempt("pool", lambda: __import__("multiprocessing").get_context("spawn").Pool(1).map(abs, [1]))
attempt("interpreter", inside)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
