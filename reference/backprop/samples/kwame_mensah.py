"""Backpropagation by hand - Kwame Mensah"""

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


def act_and_grad(act):
    return {"relu": (relu, relu_grad), "tanh": (tanh, tanh_grad), "sigmoid": (sigmoid, sigmoid_grad)}[act]


def log_softmax(logits):
    top = logits.max(axis=1, keepdims=True)
    return logits - top - jnp.log(jnp.exp(logits - top).sum(axis=1, keepdims=True))


def softmax_xent(logits, labels):
    n = logits.shape[0]
    return -log_softmax(logits)[jnp.arange(n), labels].sum() / n


def softmax_xent_grad(logits, labels):
    n = logits.shape[0]
    return (jnp.exp(log_softmax(logits)) - jax.nn.one_hot(labels, logits.shape[1])) / n


def dense_backward(dz, x, w):
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


def mlp_init(key, *, sizes):
    params = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        key, sub = jax.random.split(key)
        std = (2 / fan_in) ** 0.5
        params.append({"w": std * jax.random.normal(sub, (fan_in, fan_out)), "b": jnp.zeros(fan_out)})
    return params


def mlp_forward(params, x, *, act):
    f, _ = act_and_grad(act)
    cache = []
    for i, layer in enumerate(params):
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        if i + 1 < len(params):
            x = f(z)
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    _, df = act_and_grad(act)
    grads = []
    dz = dlogits
    i = len(params) - 1
    while i >= 0:
        dx, dw, db = dense_backward(dz, cache[i]["x"], params[i]["w"])
        grads.insert(0, {"w": dw, "b": db})
        if i == 0:
            continue  # nothing below the first layer
        dz = dx * df(cache[i - 1]["z"])
        i -= 1
    return grads


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)
