"""The trusted side: the starter's signatures, with JAX, Flax and Optax library calls for bodies.

Runs in float64 for the truth and in float32 for the tolerance.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

Layer = dict[str, jax.Array]
Params = list[Layer]

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}


def _derivative(function: Any, z: jax.Array) -> jax.Array:
    return jax.vjp(function, z)[1](jnp.ones_like(z))[0]


def relu(z: jax.Array) -> jax.Array:
    return jax.nn.relu(z)


def relu_grad(z: jax.Array) -> jax.Array:
    return _derivative(jax.nn.relu, z)


def tanh(z: jax.Array) -> jax.Array:
    return jnp.tanh(z)


def tanh_grad(z: jax.Array) -> jax.Array:
    return _derivative(jnp.tanh, z)


def sigmoid(z: jax.Array) -> jax.Array:
    return jax.nn.sigmoid(z)


def sigmoid_grad(z: jax.Array) -> jax.Array:
    return _derivative(jax.nn.sigmoid, z)


def softmax_xent(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def softmax_xent_grad(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return jax.grad(softmax_xent)(logits, labels)


def _dense(layer: Layer, x: jax.Array) -> jax.Array:
    """Apply ``flax.nnx.Linear``: its kernel is (inputs, outputs), as in the handout."""
    i, o = layer["w"].shape
    empty = nnx.eval_shape(lambda: nnx.Linear(i, o, precision="highest", rngs=nnx.Rngs(0)))
    graph, state = nnx.split(empty)
    nnx.replace_by_pure_dict(state, {"kernel": layer["w"], "bias": layer["b"]})
    return nnx.merge(graph, state)(x)


def dense_backward(dz: jax.Array, x: jax.Array, w: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    _, pull = jax.vjp(_dense, {"w": w, "b": jnp.zeros(w.shape[1], w.dtype)}, x)
    layer, dx = pull(dz)
    return dx, layer["w"], layer["b"]


def mlp_init(key: jax.Array, *, sizes: tuple[int, ...]) -> Params:
    keys = jax.random.split(key, len(sizes) - 1)
    draw = jax.nn.initializers.variance_scaling(2.0, "fan_in", "normal")
    return [
        {"w": draw(k, (i, o), jnp.float32), "b": jnp.zeros(o, jnp.float32)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


def mlp_forward(params: Params, x: jax.Array, *, act: str) -> tuple[jax.Array, list[Layer]]:
    cache = []
    for layer in params:
        z = _dense(layer, x)
        cache.append({"x": x, "z": z})
        x = ACTIVATIONS[act](z)
    return z, cache


def mlp_backward(params: Params, cache: list[Layer], dlogits: jax.Array, *, act: str) -> Params:
    grads, dz = [], dlogits
    for n in reversed(range(len(params))):
        _, pull = jax.vjp(_dense, params[n], cache[n]["x"])
        layer, dx = pull(dz)
        grads.append(layer)
        if n > 0:
            (dz,) = jax.vjp(ACTIVATIONS[act], cache[n - 1]["z"])[1](dx)
    return grads[::-1]


def sgd_step(params: Params, grads: Params, lr: jax.Array) -> Params:
    optimizer = optax.sgd(lr)
    updates, _ = optimizer.update(grads, optimizer.init(params), params)
    return optax.apply_updates(params, updates)
