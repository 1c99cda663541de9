"""Functions of this assignment that are written for you.

They put the pieces of a submission together.  ``student`` is any object that holds your functions: the
grader passes your submission; to call these yourself, put the functions that they use into a
``types.SimpleNamespace(mlp_forward=mlp_forward, softmax_xent=softmax_xent, ...)``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

Params = list[dict[str, Any]]

SPIRAL_SIZES = (2, 64, 64, 3)
SPIRAL_RATE = 0.1
SPIRAL_MOMENTUM = 0.9


def logits(student: Any, params: Params, x: Any, *, act: str) -> Any:
    """Return the logits of ``mlp_forward`` alone: (N, D) -> (N, C)."""
    return student.mlp_forward(params, x, act=act)[0]


def loss_and_grads(student: Any, params: Params, x: Any, labels: Any, *, act: str) -> tuple[Any, Params]:
    """Run forward and backward once; return the mean loss () and gradients shaped like ``params``."""
    scores, cache = student.mlp_forward(params, x, act=act)
    loss = student.softmax_xent(scores, labels)
    grads = student.mlp_backward(params, cache, student.softmax_xent_grad(scores, labels), act=act)
    return loss, grads


def train_step(student: Any, params: Params, x: Any, labels: Any, lr: Any, *, act: str) -> tuple[Params, Any]:
    """Take one step of gradient descent on one batch; return the new parameters and the loss before the step."""
    loss, grads = loss_and_grads(student, params, x, labels, act=act)
    return student.sgd_step(params, grads, lr), loss


def init_twice(student: Any, key: Any, other_key: Any, *, sizes: tuple[int, ...]) -> dict[str, Params]:
    """Initialise a network twice from one key and once from another."""
    return {
        "first": student.mlp_init(key, sizes=sizes),
        "again": student.mlp_init(key, sizes=sizes),
        "other": student.mlp_init(other_key, sizes=sizes),
    }


def spiral_init(student: Any, key: Any) -> dict[str, Params]:
    """Return the state of the spiral task: your first parameters and, shaped like them, a velocity of zeros."""
    params = student.mlp_init(key, sizes=SPIRAL_SIZES)
    return {"params": params, "velocity": jax.tree.map(jnp.zeros_like, params)}


def spiral_step(student: Any, state: dict[str, Params], x: Any, labels: Any) -> tuple[dict[str, Params], Any]:
    """Take one step of gradient descent with momentum; return the new state and the loss before the step."""
    loss, grads = loss_and_grads(student, state["params"], x, labels, act="tanh")
    velocity = jax.tree.map(lambda v, g: SPIRAL_MOMENTUM * v + g, state["velocity"], grads)
    params = student.sgd_step(state["params"], velocity, jnp.float32(SPIRAL_RATE))
    return {"params": params, "velocity": velocity}, loss


def spiral_predict(student: Any, state: dict[str, Params], x: Any) -> Any:
    """Return the logits of the trained network: (N, 2) -> (N, 3)."""
    return logits(student, state["params"], x, act="tanh")
