# Plain loops, one statement per line, indices everywhere. Type hints as taught.
import math

import jax
import jax.numpy as jnp
from jax import Array


def relu(z: Array) -> Array:
    return z * (z > 0)


def relu_grad(z: Array) -> Array:
    return (z > 0).astype(z.dtype)


def tanh(z: Array) -> Array:
    # tanh(z) = 2 sigmoid(2z) - 1, with the sign taken out so that exp never overflows
    e = jnp.exp(-2.0 * jnp.abs(z))
    return jnp.sign(z) * (1.0 - e) / (1.0 + e)


def tanh_grad(z: Array) -> Array:
    t = tanh(z)
    return (1.0 - t) * (1.0 + t)


def sigmoid(z: Array) -> Array:
    return 0.5 * (jnp.tanh(0.5 * z) + 1.0)


def sigmoid_grad(z: Array) -> Array:
    s = sigmoid(z)
    return s * (1.0 - s)


def apply_act(name: str, z: Array) -> Array:
    if name == "relu":
        return relu(z)
    elif name == "tanh":
        return tanh(z)
    elif name == "sigmoid":
        return sigmoid(z)
    raise ValueError("unknown activation " + name)


def apply_act_grad(name: str, z: Array) -> Array:
    if name == "relu":
        return relu_grad(z)
    if name == "tanh":
        return tanh_grad(z)
    if name == "sigmoid":
        return sigmoid_grad(z)
    raise ValueError("unknown activation " + name)


def softmax_xent(logits: Array, labels: Array) -> Array:
    total = 0.0
    for row in range(logits.shape[0]):
        biggest = jnp.max(logits[row])
        log_sum = biggest + jnp.log(jnp.sum(jnp.exp(logits[row] - biggest)))
        total = total + (log_sum - logits[row, labels[row]])
    return total / logits.shape[0]


def softmax_xent_grad(logits: Array, labels: Array) -> Array:
    n = logits.shape[0]
    rows = []
    for row in range(n):
        e = jnp.exp(logits[row] - jnp.max(logits[row]))
        p = e / jnp.sum(e)
        p = p.at[labels[row]].add(-1.0)
        rows.append(p / n)
    return jnp.stack(rows)


def dense_backward(dz: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    dx = jnp.dot(dz, jnp.transpose(w))
    dw = jnp.dot(jnp.transpose(x), dz)
    db = jnp.sum(dz, axis=0)
    return dx, dw, db


def mlp_init(key: Array, *, sizes: tuple[int, ...]) -> list[dict[str, Array]]:
    keys = jax.random.split(key, len(sizes) - 1)
    params = []
    for n in range(len(sizes) - 1):
        fan_in = sizes[n]
        fan_out = sizes[n + 1]
        std = math.sqrt(2.0 / fan_in)
        w = std * jax.random.normal(keys[n], (fan_in, fan_out), dtype=jnp.float32)
        b = jnp.zeros((fan_out,), dtype=jnp.float32)
        params.append({"w": w, "b": b})
    return params


def mlp_forward(params, x: Array, *, act: str):
    cache = []
    h = x
    last = len(params) - 1
    for n in range(len(params)):
        z = jnp.dot(h, params[n]["w"]) + params[n]["b"]
        cache.append({"x": h, "z": z})
        if n < last:
            h = apply_act(act, z)
    return z, cache


def mlp_backward(params, cache, dlogits: Array, *, act: str):
    grads = []
    dz = dlogits
    n = len(params) - 1
    while n >= 0:
        dx, dw, db = dense_backward(dz, cache[n]["x"], params[n]["w"])
        grads.insert(0, {"w": dw, "b": db})
        n = n - 1
        if n >= 0:
            dz = dx * apply_act_grad(act, cache[n]["z"])
    return grads


def sgd_step(params, grads, lr):
    new_params = []
    for n in range(len(params)):
        new_params.append(
            {
                "w": params[n]["w"] - lr * grads[n]["w"],
                "b": params[n]["b"] - lr * grads[n]["b"],
            }
        )
    return new_params


if __name__ == "__main__":
    params = mlp_init(jax.random.key(0), sizes=(2, 16, 3))
    x = jax.random.normal(jax.random.key(1), (8, 2))
    y = jnp.arange(8) % 3
    for step in range(100):
        logits, cache = mlp_forward(params, x, act="tanh")
        if step % 20 == 0:
            print(step, float(softmax_xent(logits, y)))
        grads = mlp_backward(params, cache, softmax_xent_grad(logits, y), act="tanh")
        params = sgd_step(params, grads, 0.5)
