"""The entry file of a folder: graded functions may be imported from helper modules beside it."""

import activations
import jax
import jax.numpy as jnp
from activations import relu, relu_grad, sigmoid, sigmoid_grad, tanh, tanh_grad
from layers import dense, dense_backward, softmax_xent, softmax_xent_grad


def mlp_init(key, *, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jnp.sqrt(2.0 / i) * jax.random.normal(k, (i, o)), "b": jnp.zeros((o,))}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:])
    ]


def mlp_forward(params, x, *, act):
    f, _ = activations.table[act]
    cache = []
    for n, layer in enumerate(params):
        if n > 0:
            x = f(z)  # noqa: F821 - z is the pre-activation of the layer before
        z = dense(layer, x)
        cache.append({"x": x, "z": z})
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    _, df = activations.table[act]
    grads, dz = [], dlogits
    for n in range(len(params) - 1, -1, -1):
        dx, dw, db = dense_backward(dz, cache[n]["x"], params[n]["w"])
        grads.append({"w": dw, "b": db})
        if n > 0:
            dz = dx * df(cache[n - 1]["z"])
    grads.reverse()
    return grads


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)


__all__ = [
    "dense_backward", "mlp_backward", "mlp_forward", "mlp_init", "relu", "relu_grad", "sgd_step", "sigmoid",
    "sigmoid_grad", "softmax_xent", "softmax_xent_grad", "tanh", "tanh_grad",
]  # fmt: skip
