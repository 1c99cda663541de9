"""Modules as dataclasses, the way frameworks do it; the graded functions are thin wrappers around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Optional

import jax
import jax.numpy as jnp

Mask = Optional[jax.Array]


class Wave(NamedTuple):
    """A pair of dimensions: the sine and the cosine of one frequency."""

    frequency: float

    def __call__(self, positions):
        return [jnp.sin(positions * self.frequency), jnp.cos(positions * self.frequency)]


def positional_encoding(positions, *, dim):
    waves = [Wave(10000.0 ** (-i / dim)) for i in range(0, dim, 2)]
    return jnp.column_stack([column for wave in waves for column in wave(positions)])


class Masks:
    @staticmethod
    def causal(length):
        return jnp.tri(length, dtype=bool)[None, None]

    @staticmethod
    def padding(lengths, size):
        return jnp.arange(size)[None, None, None] < lengths[:, None, None, None]


def causal_mask(*, length):
    return Masks.causal(length)


def padding_mask(lengths, *, size):
    return Masks.padding(lengths, size)


@dataclass(frozen=True)
class Dense:
    w: jax.Array
    b: jax.Array

    def __call__(self, x):
        return jnp.einsum("...i,io->...o", x, self.w) + self.b


@dataclass(frozen=True)
class Softmax:
    mask: Mask = None

    def __call__(self, scores):
        mask = jnp.broadcast_to(True if self.mask is None else self.mask, scores.shape)
        low = jnp.where(mask, scores, -jnp.inf)
        top = jnp.max(low, axis=-1, keepdims=True)
        top = jax.lax.stop_gradient(jnp.where(jnp.isneginf(top), 0.0, top))
        weights = jnp.exp(jnp.where(mask, scores - top, -jnp.inf))
        total = weights.sum(axis=-1, keepdims=True)
        return jnp.divide(weights, jnp.where(mask.any(axis=-1, keepdims=True), total, 1.0))


@dataclass(frozen=True)
class Heads:
    count: int

    def split(self, x):
        *rest, width = x.shape
        return x.reshape(*rest, self.count, width // self.count)

    def join(self, x):
        *rest, count, width = x.shape
        return x.reshape(*rest, count * width)


def scaled_dot_product_attention(q, k, v, mask):
    weights = Softmax(mask)(jnp.einsum("bqhd,bkhd->bhqk", q / jnp.sqrt(jnp.float32(q.shape[-1])), k))
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v)


@dataclass(frozen=True)
class Attention:
    query: Dense
    key: Dense
    value: Dense
    out: Dense
    heads: Heads

    @classmethod
    def of(cls, params, num_heads):
        return cls(*(Dense(params["w" + n], params["b" + n]) for n in "qkvo"), Heads(num_heads))

    def project(self, x_q, x_kv):
        return tuple(self.heads.split(f(x)) for f, x in ((self.query, x_q), (self.key, x_kv), (self.value, x_kv)))

    def __call__(self, x_q, x_kv, mask):
        return self.out(self.heads.join(scaled_dot_product_attention(*self.project(x_q, x_kv), mask)))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Cache:
    k: jax.Array
    v: jax.Array
    length: jax.Array

    def append(self, k, v):
        return Cache(self.k.at[:, self.length].set(k), self.v.at[:, self.length].set(v), self.length + 1)

    @property
    def filled(self):
        return jnp.arange(self.k.shape[1])[None, None, None] < self.length


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    return Attention.of(params, num_heads)(x_q, x_kv, mask)


@dataclass
class LayerNorm:
    scale: jax.Array
    bias: jax.Array
    epsilon: float = 1e-6

    def __call__(self, x):
        centred = x - x.mean(-1, keepdims=True)
        return (
            self.scale * centred / jnp.sqrt(jnp.mean(jnp.square(centred), -1, keepdims=True) + self.epsilon) + self.bias
        )


def layer_norm(params, x):
    return LayerNorm(**params)(x)


@dataclass
class FeedForward:
    first: Dense
    second: Dense
    activation: Callable = jax.nn.gelu

    def __call__(self, x):
        return self.second(self.activation(self.first(x)))


def feed_forward(params, x):
    return FeedForward(Dense(params["w1"], params["b1"]), Dense(params["w2"], params["b2"]))(x)


class Block:
    def __init__(self, params, num_heads):
        attention = Attention.of(params["attention"], num_heads)
        self.parts = [
            (LayerNorm(**params["norm1"]), lambda h, mask: attention(h, h, mask)),
            (LayerNorm(**params["norm2"]), lambda h, mask: feed_forward(params["feed_forward"], h)),
        ]

    def __call__(self, x, mask):
        for norm, part in self.parts:
            x = x + part(norm(x), mask)
        return x


def transformer_encoder_block(params, x, mask, *, num_heads):
    return Block(params, num_heads)(x, mask)


def decode_step(params, cache, x_t, *, num_heads):
    attention = Attention.of(params, num_heads)
    q, k, v = attention.project(x_t, x_t)
    new = Cache(**cache).append(k, v)
    heads = scaled_dot_product_attention(q[:, None], new.k, new.v, new.filled)[:, 0]
    return {"k": new.k, "v": new.v, "length": new.length}, attention.out(attention.heads.join(heads))
