"""Assignment 1 - Sofia Rossi"""

import jax
import jax.numpy as jnp


def relu(z):
    return jnp.maximum(0.0, z)


def relu_grad(z):
    return (z > 0).astype(jnp.float32)


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    return 1 - jnp.tanh(z) ** 2


def sigmoid(z):
    # two branches, so that exp never sees a large positive number
    e = jnp.exp(-jnp.abs(z))
    return jnp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_grad(z):
    s = sigmoid(z)
    return s * (1 - s)


ACTS = {
    "relu": (relu, relu_grad),
    "tanh": (tanh, tanh_grad),
    "sigmoid": (sigmoid, sigmoid_grad),
}


def softmax_xent(logits, labels):
    shifted = logits - jnp.max(logits, axis=1, keepdims=True)
    log_z = jnp.log(jnp.sum(jnp.exp(shifted), axis=1))
    return jnp.mean(log_z - shifted[jnp.arange(len(labels)), labels])


def softmax_xent_grad(logits, labels):
    shifted = logits - jnp.max(logits, axis=1, keepdims=True)
    p = jnp.exp(shifted) / jnp.sum(jnp.exp(shifted), axis=1, keepdims=True
    onehot = jax.nn.one_hot(labels, logits.shape[1])
    return (p - onehot) / len(labels)


def dense_backward(dz, x, w):
    dx = dz @ w.T
    dw = x.T @ dz
    db = dz.sum(axis=0, keepdims=True)
    return dx, dw, db


def mlp_init(key, *, sizes):
    params = []
    for i, o in zip(sizes[:-1], sizes[1:]):
        w = jax.random.normal(key, (i, o)) * (2 / i) ** 0.5
        params.append({"w": w, "b": jnp.zeros(o)})
    return params


def mlp_forward(params, x, *, act):
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = ACTS[act][0](z)
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    grads = []
    dz = dlogits
    for layer, entry in zip(params[::-1], cache[::-1]):
        if grads:
            dz = dz * ACTS[act][1](entry["z"])
        dz, dw, db = dense_backward(dz, entry["x"], layer["w"])
        grads.append({"w": dw, "b": db[0]})
    return grads[::-1]


def sgd_step(params, grads, lr):
    return [{k: layer[k] - lr * grad[k] for k in ("w", "b")} for layer, grad in zip(params, grads)]
