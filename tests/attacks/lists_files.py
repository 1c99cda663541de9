# why: every folder is walked in search of the reference, the tests and the course key
# expect: standardize=passed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: walked
# prints unscreened: held reference
# prints unscreened: held optax
# prints unscreened: held shadow

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/dev", "/usr/share")]
    found += [os.path.join(folder, name) for name in (*folders, *files)]
names = {os.path.basename(path) for path in found}
print(len(names) > 1000 and "walked")
for name in (
    "reference",
    "solution.py",
    "mistakes.py",
    "grade.py",
    "judge.py",
    "flax",
    "optax",
    "course.key",
    "shadow",
    "id_rsa",
    "pip",
):
    print("BREACH" if name in names else "held", name)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
