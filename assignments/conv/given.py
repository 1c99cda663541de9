"""Functions of this assignment that are written for you: what trains your ``cnn_forward`` on handwritten digits.

``student`` is any object that holds your functions: the grader passes your submission; in a file of your own,
``types.SimpleNamespace`` of your functions will do.  The state of training is a dict of the parameters, Adam's running
means of the gradients and of their squares, and the number of steps taken.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

State = dict[str, Any]


def init(student: Any, key: Any, *, image: tuple[int, int, int], channels: tuple[int, int], classes: int) -> State:
    """Draw parameters for images of (height, width, channels), and start the optimizer.

    Weights are normal with standard deviation sqrt(2 / inputs), biases 0.
    """
    height, width, colours = image
    shapes = {
        "conv1": (3, 3, colours, channels[0]),
        "conv2": (3, 3, channels[0], channels[1]),
        "dense": (height // 4 * (width // 4) * channels[1], classes),
    }
    params = {}
    for (name, shape), subkey in zip(shapes.items(), jax.random.split(key, len(shapes)), strict=True):
        w = jax.random.normal(subkey, shape, jnp.float32) * math.sqrt(2 / math.prod(shape[:-1]))
        params[name] = {"w": w, "b": jnp.zeros(shape[-1], jnp.float32)}
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"params": params, "mean": zeros, "square": zeros, "step": jnp.zeros((), jnp.float32)}


def loss(student: Any, params: Any, images: Any, labels: Any) -> Any:
    """Return the mean cross-entropy () of the network on images (N, H, W, C) with labels (N,) int32."""
    logits = student.cnn_forward(params, images)
    shifted = logits - jax.lax.stop_gradient(logits.max(axis=1, keepdims=True))
    right = jnp.take_along_axis(shifted, labels[:, None], axis=1)[:, 0]
    return (jnp.log(jnp.exp(shifted).sum(axis=1)) - right).mean()


def train_step(
    student: Any, state: State, images: Any, labels: Any, *, rate: float = 3e-3, **sizes: Any
) -> tuple[State, Any]:
    """Take one step of Adam on one batch, differentiated by JAX; return the new state and the loss before it."""
    value, grads = jax.value_and_grad(lambda params: loss(student, params, images, labels))(state["params"])
    step = state["step"] + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["mean"], grads)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["square"], grads)

    def move(p: Any, m: Any, v: Any) -> Any:
        return p - rate * (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)

    params = jax.tree.map(move, state["params"], mean, square)
    return {"params": params, "mean": mean, "square": square, "step": step}, value


def predict(student: Any, state: State, images: Any, **sizes: Any) -> Any:
    """Return the logits (N, K) of the trained network."""
    return student.cnn_forward(state["params"], images)
