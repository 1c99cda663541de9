"""Index notation throughout: n rows, i inputs, o outputs, c classes."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax, random


class Activation(NamedTuple):
    value: object
    slope: object


relu = partial(jnp.clip, min=0)


def relu_grad(z):
    return jnp.where(z < 0, 0.0, 1.0)  # slope 1 at zero: as good as any other


tanh = jnp.tanh


def tanh_grad(z):
    e = jnp.exp(-2 * jnp.abs(z))
    return 4 * e / jnp.square(1 + e)


def sigmoid(z):
    positive = 1 / (1 + jnp.exp(-jnp.maximum(z, 0)))
    negative = jnp.exp(jnp.minimum(z, 0)) / (1 + jnp.exp(jnp.minimum(z, 0)))
    return jnp.where(z > 0, positive, negative)


def sigmoid_grad(z):
    return jnp.einsum("...,...->...", sigmoid(z), sigmoid(-z))


ACT = {
    "relu": Activation(relu, relu_grad),
    "tanh": Activation(tanh, tanh_grad),
    "sigmoid": Activation(sigmoid, sigmoid_grad),
}


def _softmax_and_log(logits):
    shifted = logits - lax.stop_gradient(jnp.max(logits, axis=-1, keepdims=True))
    e = jnp.exp(shifted)
    total = jnp.einsum("nc->n", e)[:, None]
    return e / total, shifted - jnp.log(total)


def softmax_xent(logits, labels):
    _, logp = _softmax_and_log(logits)
    onehot = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return -jnp.einsum("nc,nc->", onehot, logp) / logits.shape[0]


def softmax_xent_grad(logits, labels):
    p, _ = _softmax_and_log(logits)
    return (p - jax.nn.one_hot(labels, logits.shape[-1])) / logits.shape[0]


def dense_backward(dz, x, w):
    dx = jnp.einsum("no,io->ni", dz, w)
    dw = jnp.einsum("ni,no->io", x, dz)
    db = jnp.einsum("no->o", dz)
    return dx, dw, db


def mlp_init(key, *, sizes):
    keys = iter(random.split(key, len(sizes)))

    def layer(i, o):
        return {"w": random.normal(next(keys), (i, o)) * lax.rsqrt(i / 2.0), "b": jnp.zeros((o,))}

    return tuple(layer(i, o) for i, o in zip(sizes, sizes[1:]))


def mlp_forward(params, x, *, act):
    *hidden, last = params
    cache = ()
    for layer in hidden:
        z = jnp.einsum("ni,io->no", x, layer["w"]) + layer["b"]
        cache += ({"x": x, "z": z},)
        x = ACT[act].value(z)
    logits = jnp.einsum("ni,io->no", x, last["w"]) + last["b"]
    return logits, (*cache, {"x": x, "z": logits})


def mlp_backward(params, cache, dlogits, *, act):
    def back(dz, depth):
        dx, dw, db = dense_backward(dz, cache[depth]["x"], params[depth]["w"])
        mine = ({"w": dw, "b": db},)
        return mine if depth == 0 else back(dx * ACT[act].slope(cache[depth - 1]["z"]), depth - 1) + mine

    return back(dlogits, len(params) - 1)


def sgd_step(params, grads, lr):
    return [{name: p[name] - lr * g[name] for name in p} for p, g in zip(params, grads)]
