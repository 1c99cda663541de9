"""Backpropagation by hand. Amara Okafor, group 2."""

import jax
import jax.numpy as jnp

# --- activations ---


def relu(z):
    return jnp.maximum(z, 0.0)


def relu_grad(z):
    # slope at exactly 0 taken as 0
    return jnp.where(z > 0, 1.0, 0.0)


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    t = jnp.tanh(z)
    return 1.0 - t * t


def sigmoid(z):
    # sigma(z) = (1 + tanh(z/2)) / 2, and tanh never overflows
    return 0.5 * (1.0 + jnp.tanh(0.5 * z))


def sigmoid_grad(z):
    # e^-|z| / (1 + e^-|z|)^2: the same for z and -z
    e = jnp.exp(-jnp.abs(z))
    return e / jnp.square(1.0 + e)


ACTS = {"relu": (relu, relu_grad), "tanh": (tanh, tanh_grad), "sigmoid": (sigmoid, sigmoid_grad)}

# --- loss ---


def softmax_xent(logits, labels):
    m = jnp.max(logits, axis=1, keepdims=True)
    log_p = logits - m - jnp.log(jnp.sum(jnp.exp(logits - m), axis=1, keepdims=True))
    rows = jnp.arange(logits.shape[0])
    return -jnp.mean(log_p[rows, labels])


def softmax_xent_grad(logits, labels):
    n = logits.shape[0]
    e = jnp.exp(logits - jnp.max(logits, axis=1, keepdims=True))
    p = e / jnp.sum(e, axis=1, keepdims=True)
    return p.at[jnp.arange(n), labels].add(-1.0) / n


# --- network ---


def dense_backward(dz, x, w):
    dx = dz @ w.T
    dw = x.T @ dz
    db = jnp.sum(dz, axis=0)
    return dx, dw, db


def mlp_init(key, *, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    params = []
    for k, n_in, n_out in zip(keys, sizes[:-1], sizes[1:]):
        w = jax.random.normal(k, (n_in, n_out)) * jnp.sqrt(2.0 / n_in)
        params.append({"w": w, "b": jnp.zeros((n_out,))})
    return params


def mlp_forward(params, x, *, act):
    f, _ = ACTS[act]
    cache = []
    h = x
    for i, layer in enumerate(params):
        z = h @ layer["w"] + layer["b"]
        cache.append({"x": h, "z": z})
        h = f(z) if i < len(params) - 1 else z
    return h, cache


def mlp_backward(params, cache, dlogits, *, act):
    _, f_grad = ACTS[act]
    grads = []
    dz = dlogits
    for i in range(len(params) - 1, -1, -1):
        dx, dw, db = dense_backward(dz, cache[i]["x"], params[i]["w"])
        grads.append({"w": dw, "b": db})
        if i > 0:
            dz = dx * f_grad(cache[i - 1]["z"])
    return grads[::-1]


def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)


if __name__ == "__main__":
    params = mlp_init(jax.random.key(0), sizes=(2, 16, 3))
    x = jax.random.normal(jax.random.key(1), (32, 2))
    labels = jnp.argmax(x @ jnp.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]), axis=1)
    for step in range(200):
        logits, cache = mlp_forward(params, x, act="tanh")
        if step % 40 == 0:
            print(step, softmax_xent(logits, labels))
        grads = mlp_backward(params, cache, softmax_xent_grad(logits, labels), act="tanh")
        params = sgd_step(params, grads, 0.5)
