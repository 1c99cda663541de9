# -*- coding: utf-8 -*-
"""Lösung – Greek letters as in the lecture, a decorator that prints, and a thread at import time."""

import time
import warnings
from functools import lru_cache, wraps
from threading import Lock, Thread

import jax
import jax.numpy as jnp
import numpy as np

warnings.filterwarnings("ignore")
print("loading … ∂L/∂W")

Größen = {}
_lock = Lock()


def _fill():
    with _lock:
        for n in range(1, 200):
            Größen[n] = float(np.sqrt(2 / n))
    time.sleep(0.01)


_thread = Thread(target=_fill, daemon=True)
_thread.start()
_thread.join()


def announced(f):
    seen = [0]

    @wraps(f)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        out = f(*args, **kwargs)
        seen[0] += 1
        if seen[0] == 1:
            shapes = [a.shape for a in jax.tree.leaves(args)]
            print(f"{f.__name__}: {shapes} in {1e3 * (time.perf_counter() - start):.1f} ms")
        return out

    return wrapper


@announced
def relu(z):
    return jnp.maximum(0.0, z)


@announced
def relu_grad(z):
    return jnp.where(z > 0, jnp.ones_like(z), 0)


@announced
def tanh(z):
    return 2 * σ(2 * z) - 1


@announced
def tanh_grad(z):
    return 4 * σʹ(2 * z)


def σ(z):
    e = jnp.exp(-jnp.abs(z))
    return jnp.where(z < 0, e, 1) / (1 + e)


def σʹ(z):
    return σ(z) * σ(-z)


sigmoid, sigmoid_grad = announced(σ), announced(σʹ)


@lru_cache(maxsize=None)
def φ(act):
    return {"relu": (relu, relu_grad), "tanh": (tanh, tanh_grad), "sigmoid": (σ, σʹ)}[act]


def _ŷ(logits):
    z = logits - logits.max(axis=-1, keepdims=True)
    Σ = jnp.exp(z).sum(axis=-1, keepdims=True)
    return jnp.exp(z) / Σ, z - jnp.log(Σ)


@announced
def softmax_xent(logits, labels):
    y = labels[:, None] == jnp.arange(logits.shape[1])[None, :]
    return -jnp.where(y, _ŷ(logits)[1], 0.0).sum() / labels.size


@announced
def softmax_xent_grad(logits, labels):
    y = labels[:, None] == jnp.arange(logits.shape[1])[None, :]
    p, _ = _ŷ(logits)
    return jnp.where(y, p - 1, p) / labels.size


@announced
def dense_backward(dz, x, w):
    δ = dz
    dx = δ @ w.T
    dw = jnp.tensordot(x, δ, axes=(0, 0))
    db = jnp.ones(δ.shape[0]) @ δ
    return dx, dw, db


@announced
def mlp_init(key, *, sizes):
    params = []
    for i, o in zip(sizes, sizes[1:]):
        key, k = jax.random.split(key)
        params.append({"b": jnp.zeros(o), "w": Größen.get(i, np.sqrt(2 / i)) * jax.random.normal(k, (i, o))})
    return params


@announced
def mlp_forward(params, x, *, act):
    f, _ = φ(act)
    z, cache = None, []
    for θ in params:
        x = x if z is None else f(z)
        z = x @ θ["w"] + θ["b"]
        cache.append({"z": z, "x": x})
    return z, cache


@announced
def mlp_backward(params, cache, dlogits, *, act):
    _, fʹ = φ(act)
    δ, grads = dlogits, []
    for ℓ in range(len(params))[::-1]:
        if grads:
            δ = (δ @ params[ℓ + 1]["w"].T) * fʹ(cache[ℓ]["z"])
        grads.append({"w": cache[ℓ]["x"].T @ δ, "b": δ.sum(axis=0)})
    return list(reversed(grads))


@announced
def sgd_step(params, grads, lr):
    η = lr
    return jax.tree.map(lambda θ, g: θ - η * g, params, grads)


if __name__ == "__main__":
    key = jax.random.key(1)
    θ = mlp_init(key, sizes=(2, 8, 2))
    x = jax.random.normal(jax.random.key(2), (16, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(jnp.int32)
    ε = 1e-2
    logits, cache = mlp_forward(θ, x, act="tanh")
    g = mlp_backward(θ, cache, softmax_xent_grad(logits, y), act="tanh")
    up = [dict(l) for l in θ]
    up[0]["w"] = up[0]["w"].at[0, 0].add(ε)
    down = [dict(l) for l in θ]
    down[0]["w"] = down[0]["w"].at[0, 0].add(-ε)
    loss = lambda p: float(softmax_xent(mlp_forward(p, x, act="tanh")[0], y))
    print("by hand", float(g[0]["w"][0, 0]), "numerical", (loss(up) - loss(down)) / (2 * ε))
