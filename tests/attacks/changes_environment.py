# why: variables that would change how XLA and the loader behave, had anyone else this environment
# expect: standardize=passed momentum=passed dropout=passed
# says: What os is imported for is not run during grading
# expect unscreened: standardize=passed momentum=passed dropout=passed

import os

import jax
import jax.numpy as jnp

os.environ.update(
    XLA_FLAGS="--xla_cpu_enable_fast_math=true",
    JAX_PLATFORMS="tpu",
    LD_PRELOAD="/tmp/x.so",
    PYTHONSTARTUP="/tmp/x.py",
    JAX_ENABLE_X64="1",
)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
