"""The toy course's checks the way people write tests: functions with asserts, on the numbers that grading uses.

pytest runs this file beside ``submission.py``; the nbgrader notebook gets one cell for each function.  The inputs and
the true answers are in ``numbers.npz``, so that nobody pays for the reference.
"""

import jax
import jax.numpy as jnp
import numpy as np
from submission import dropout, momentum, standardize

NUMBERS = np.load("numbers.npz")
DRAWS = range(2)


def number(check, draw, case, name):
    return jnp.asarray(NUMBERS[f"{check}.{draw}.{case}.{name}"])


def close(actual, check, draw, case, name="out0"):
    np.testing.assert_allclose(actual, number(check, draw, case, name), rtol=1e-4, atol=1e-4)


def test_standardize_values():
    for draw in DRAWS:
        for case, axis in ((0, 1), (1, 0)):
            x = number("standardize_values", draw, case, "in0")
            close(standardize(x, axis=axis), "standardize_values", draw, case)


def test_standardize_far():
    for draw in DRAWS:
        x = number("standardize_far", draw, 0, "in0")
        close(standardize(x, axis=1), "standardize_far", draw, 0)


def test_standardize_gradients():
    for draw in DRAWS:
        x, cotangent = (number("standardize_gradients", draw, 0, name) for name in ("in0", "in1"))
        _, pullback = jax.vjp(lambda x: standardize(x, axis=1), x)
        close(pullback(cotangent)[0], "standardize_gradients", draw, 0)


def test_momentum_path():
    v, w, grads = (number("momentum_path", 0, 0, name) for name in ("in0", "in1", "in2"))
    state, path = {"v": v, "w": w}, []
    for grad in grads:
        state = momentum(state, {"w": grad})
        path.append(state)
    close(jnp.stack([s["v"] for s in path]), "momentum_path", 0, 0, "out0")
    close(jnp.stack([s["w"] for s in path]), "momentum_path", 0, 0, "out1")


def test_twice_values():
    for draw in DRAWS:
        x = number("twice_values", draw, 0, "in0")
        close(standardize(standardize(x, axis=1) * 3.0, axis=1), "twice_values", draw, 0)


def test_dropout_keeps_mean():
    for draw in DRAWS:
        key, x = (number("dropout_keeps_mean", draw, 0, name) for name in ("in0", "in1"))
        output = dropout(key, x, rate=0.3)
        assert 0.9 <= output.mean() <= 1.1
        assert 0.25 <= (output == 0).mean() <= 0.35
