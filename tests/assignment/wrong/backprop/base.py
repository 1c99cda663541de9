"""Backpropagation by hand: a complete submission."""

import math

import jax
import jax.numpy as jnp

# --- activations ---


def relu(z):
    return jnp.maximum(z, 0.0)


def relu_grad(z):
    return jnp.where(z > 0, 1.0, 0.0).astype(jnp.float32)


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    t = jnp.tanh(z)
    return 1.0 - t * t


def sigmoid(z):
    e = jnp.exp(-jnp.abs(z))
    return jnp.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_grad(z):
    e = jnp.exp(-jnp.abs(z))
    return e / (1.0 + e) ** 2


# --- loss ---


def softmax_xent(logits, labels):
    shifted = logits - jnp.max(logits, axis=1, keepdims=True)
    log_p = shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=1, keepdims=True))
    return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1))


def softmax_xent_grad(logits, labels):
    n, c = logits.shape
    e = jnp.exp(logits - jnp.max(logits, axis=1, keepdims=True))
    p = e / jnp.sum(e, axis=1, keepdims=True)
    return (p - jax.nn.one_hot(labels, c)) / n


# --- network ---


def dense_backward(dz, x, w):
    return dz @ w.T, x.T @ dz, jnp.sum(dz, axis=0)


def mlp_init(key, *, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    params = []
    for k, i, o in zip(keys, sizes[:-1], sizes[1:]):
        params.append({"w": jax.random.normal(k, (i, o)) * math.sqrt(2 / i), "b": jnp.zeros(o)})
    return params


def mlp_forward(params, x, *, act):
    # looked up at the call, so that a later definition of an activation is the one that counts
    f = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}[act]
    h = x
    cache = []
    for l, layer in enumerate(params):
        z = h @ layer["w"] + layer["b"]
        cache.append({"x": h, "z": z})
        h = f(z) if l < len(params) - 1 else z
    return h, cache


def mlp_backward(params, cache, dlogits, *, act):
    f_grad = {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}[act]
    grads = [None] * len(params)
    dz = dlogits
    for l in reversed(range(len(params))):
        dx, dw, db = dense_backward(dz, cache[l]["x"], params[l]["w"])
        grads[l] = {"w": dw, "b": db}
        if l > 0:
            dz = dx * f_grad(cache[l - 1]["z"])
    return grads


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)
