"""Small classes with forward and backward; the graded functions are thin wrappers around them."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from enum import Enum

import jax
import jax.numpy as jnp


class Elementwise(abc.ABC):
    """An activation: its value and its slope at the pre-activation."""

    @abc.abstractmethod
    def value(self, z: jax.Array) -> jax.Array: ...

    @abc.abstractmethod
    def slope(self, z: jax.Array) -> jax.Array: ...

    def backward(self, dh: jax.Array, z: jax.Array) -> jax.Array:
        return dh * self.slope(z)


class Relu(Elementwise):
    def value(self, z):
        return jnp.where(z > 0, z, jnp.zeros_like(z))

    def slope(self, z):
        return jnp.float32(z > 0)


class Tanh(Elementwise):
    def value(self, z):
        return jnp.tanh(z)

    def slope(self, z):
        return 1 - self.value(z) * self.value(z)


class Sigmoid(Elementwise):
    def value(self, z):
        half = z / 2
        return (1 + jnp.tanh(half)) / 2

    def slope(self, z):
        return (1 - jnp.tanh(z / 2) ** 2) / 4


class Kind(Enum):
    relu = Relu()
    tanh = Tanh()
    sigmoid = Sigmoid()


@dataclass(frozen=True)
class Dense:
    w: jax.Array
    b: jax.Array

    def __call__(self, x: jax.Array) -> jax.Array:
        return x @ self.w + self.b

    def backward(self, dz: jax.Array, x: jax.Array) -> tuple[jax.Array, Dense]:
        return dz @ self.w.T, Dense(x.T @ dz, dz.sum(0))

    @classmethod
    def from_dict(cls, layer: dict) -> Dense:
        return cls(**layer)

    def as_dict(self) -> dict:
        return {"w": self.w, "b": self.b}


@dataclass
class Network:
    layers: list[Dense]
    activation: Elementwise
    cache: list[dict] = field(default_factory=list)

    @classmethod
    def build(cls, params, act: str) -> Network:
        return cls([Dense.from_dict(p) for p in params], Kind[act].value)

    def forward(self, x):
        for layer in self.layers:
            z = layer(x)
            self.cache.append(dict(x=x, z=z))
            x = self.activation.value(z)
        return z

    def backward(self, delta):
        for depth, layer in reversed(list(enumerate(self.layers))):
            delta, grad = layer.backward(delta, self.cache[depth]["x"])
            if depth:
                delta = self.activation.backward(delta, self.cache[depth - 1]["z"])
            yield grad.as_dict()


class CrossEntropy:
    def __init__(self, logits, labels):
        self.n = logits.shape[0]
        self.rows = jnp.arange(self.n)
        self.labels = labels
        self.shifted = logits - jnp.max(logits, axis=1)[:, None]
        self.normaliser = jnp.exp(self.shifted).sum(axis=1)

    @property
    def loss(self):
        return jnp.mean(jnp.log(self.normaliser) - self.shifted[self.rows, self.labels])

    @property
    def grad(self):
        p = jnp.exp(self.shifted) / self.normaliser[:, None]
        return p.at[self.rows, self.labels].add(-1) / self.n


def relu(z):
    return Kind.relu.value.value(z)


def relu_grad(z):
    return Kind.relu.value.slope(z)


def tanh(z):
    return Kind.tanh.value.value(z)


def tanh_grad(z):
    return Kind.tanh.value.slope(z)


def sigmoid(z):
    return Kind.sigmoid.value.value(z)


def sigmoid_grad(z):
    return Kind.sigmoid.value.slope(z)


def softmax_xent(logits, labels):
    return CrossEntropy(logits, labels).loss


def softmax_xent_grad(logits, labels):
    return CrossEntropy(logits, labels).grad


def dense_backward(dz, x, w):
    dx, grad = Dense(w, jnp.zeros(w.shape[1])).backward(dz, x)
    return dx, grad.w, grad.b


def mlp_init(key, *, sizes):
    def layer(key, i, o):
        return Dense(jax.random.normal(key, (i, o)) / jnp.sqrt(i / 2), jnp.zeros(o))

    keys = jax.random.split(key, len(sizes) - 1)
    return [layer(*args).as_dict() for args in zip(keys, sizes, sizes[1:])]


def mlp_forward(params, x, *, act):
    network = Network.build(params, act)
    return network.forward(x), network.cache


def mlp_backward(params, cache, dlogits, *, act):
    network = Network.build(params, act)
    network.cache = list(cache)
    return list(network.backward(dlogits))[::-1]


def sgd_step(params, grads, lr):
    return [Dense(p["w"] - lr * g["w"], p["b"] - lr * g["b"]).as_dict() for p, g in zip(params, grads, strict=True)]
