"""Rétropropagation à la main - Emma Dubois"""

import math

import jax
import jax.numpy as jnp
import numpy as np


def relu(z):
    return jnp.where(z > 0, z, 0.0)


def relu_grad(z):
    out = jnp.ones_like(z)
    out[z <= 0] = 0  # éteint les neurones négatifs
    return out


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    return 1.0 - jnp.tanh(z) ** 2


def sigmoid(z):
    if jnp.all(z > 0):
        return 1 / (1 + jnp.exp(-z))
    return jnp.exp(z) / (1 + jnp.exp(z))


def sigmoid_grad(z):
    e = jnp.exp(-jnp.abs(z))
    return e / (1 + e) ** 2


def softmax_xent(logits, labels):
    m = logits.max(axis=1, keepdims=True)
    log_p = logits - m - jnp.log(jnp.sum(jnp.exp(logits - m), axis=1, keepdims=True))
    loss = -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()
    return float(loss)


def softmax_xent_grad(logits, labels):
    e = np.array(jnp.exp(logits - logits.max(axis=1, keepdims=True)))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), labels] -= 1
    return jnp.asarray(p) / len(p)


def dense_backward(dz, x, w):
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


def mlp_init(key, *, sizes):
    params = []
    for i, o in zip(sizes[:-1], sizes[1:]):
        key, sub = jax.random.split(key)
        params.append({"w": math.sqrt(2 / i) * jax.random.normal(sub, (i, o)), "b": jnp.zeros(o)})
    return params


def mlp_forward(params, x, *, act):
    f = {"relu": relu, "tanh": tanh, "sigmoid": lambda z: 0.5 * (jnp.tanh(z / 2) + 1)}[act]
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = f(z)
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    grads, dz = [], dlogits
    for n in range(len(params) - 1, -1, -1):
        dx, dw, db = dense_backward(dz, cache[n]["x"], params[n]["w"])
        grads.append({"w": dw, "b": db})
        if n > 0:
            z = cache[n - 1]["z"]
            if act == "relu":
                dz = dx * (z > 0)
            elif act == "tanh":
                dz = dx * tanh_grad(z)
            else:
                dz = dx * sigmoid_grad(z)
    return grads[::-1]


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)
