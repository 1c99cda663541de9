"""Compositions that the toy assignment supplies."""

import jax
import jax.numpy as jnp


def twice(student, x, *, axis):
    return student.standardize(student.standardize(x, axis=axis) * 3.0, axis=axis)


def line_init(student, key):
    return {"w": 0.1 * jax.random.normal(key, (3,)), "v": jnp.zeros(3)}


def line_step(student, state, x, y):
    def loss(w):
        return jnp.mean((x @ w - y) ** 2)

    value, grad = jax.value_and_grad(loss)(state["w"])
    return student.momentum(state, {"w": 0.2 * grad}), value


def line_predict(student, state, x):
    return x @ state["w"]
