"""Backpropagation by hand, Chen Yu"""

import jax
import jax.numpy as jnp

# --- activations: straight from the lecture slides ---


def relu(z):
    return z * (z > 0)


def relu_grad(z):
    return jnp.where(z > 0, 1.0, 0.0)


def tanh(z):
    return (jnp.exp(z) - jnp.exp(-z)) / (jnp.exp(z) + jnp.exp(-z))


def tanh_grad(z):
    return 1 - tanh(z) ** 2


def sigmoid(z):
    return jnp.exp(z) / (1 + jnp.exp(z))


def sigmoid_grad(z):
    return sigmoid(z) * (1 - sigmoid(z))


# --- loss ---


def softmax(logits):
    e = jnp.exp(logits)
    return e / jnp.sum(e, axis=1, keepdims=True)


def softmax_xent(logits, labels):
    p = softmax(logits)[jnp.arange(logits.shape[0]), labels]
    return -jnp.mean(jnp.log(p))


def softmax_xent_grad(logits, labels):
    return (softmax(logits) - jax.nn.one_hot(labels, logits.shape[1])) / logits.shape[0]


# --- network ---


def dense_backward(dz, x, w):
    return dz @ w.T, x.T @ dz, jnp.sum(dz, axis=0)


def mlp_init(key, *, sizes):
    params = []
    for i in range(len(sizes) - 1):
        key, sub = jax.random.split(key)
        params.append(
            {
                "w": jax.random.normal(sub, (sizes[i], sizes[i + 1])) * (2 / sizes[i]) ** 0.5,
                "b": jnp.zeros(sizes[i + 1]),
            }
        )
    return params


def activate(z, act):
    return {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}[act](z)


def slope(z, act):
    return {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}[act](z)


def mlp_forward(params, x, *, act):
    cache = []
    for layer in params:
        z = jnp.dot(x, layer["w"]) + layer["b"]
        cache.append({"x": x, "z": z})
        x = activate(z, act)
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    grads = []
    dz = dlogits
    for i in range(len(params) - 1, -1, -1):
        dx, dw, db = dense_backward(dz, cache[i]["x"], params[i]["w"])
        grads = [{"w": dw, "b": db}] + grads
        if i > 0:
            dz = dx * slope(cache[i - 1]["z"], act)
    return grads


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)
