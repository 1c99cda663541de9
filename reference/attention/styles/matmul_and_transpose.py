"""The textbook way: heads to the front, batched matrix products, additive bias for the mask."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

NEGATIVE = float(jnp.finfo(jnp.float32).min) / 2


def positional_encoding(positions: ArrayLike, *, dim: int) -> jax.Array:
    evens = jnp.arange(0, dim, 2, dtype=jnp.float32)
    angles = jnp.outer(positions.astype(jnp.float32), jnp.power(10_000.0, -evens / dim))
    table = jnp.empty((angles.shape[0], dim), jnp.float32)
    return table.at[:, 0::2].set(jnp.sin(angles)).at[:, 1::2].set(jnp.cos(angles))


def causal_mask(*, length: int) -> jax.Array:
    return jnp.tril(jnp.ones((1, 1, length, length), dtype=jnp.bool_))


def padding_mask(lengths: ArrayLike, *, size: int) -> jax.Array:
    index = jax.lax.broadcasted_iota(jnp.int32, (lengths.shape[0], 1, 1, size), 3)
    return jnp.less(index, jnp.expand_dims(lengths, (1, 2, 3)))


def _mask_to_bias(mask: jax.Array | None) -> jax.Array | float:
    return 0.0 if mask is None else (1.0 - mask.astype(jnp.float32)) * NEGATIVE


def _softmax(x: jax.Array) -> jax.Array:
    x = x - jax.lax.stop_gradient(x.max(-1, keepdims=True))
    x = jnp.exp(x)
    return x / x.sum(-1, keepdims=True)


def scaled_dot_product_attention(q, k, v, mask):
    q, k, v = (jnp.transpose(a, (0, 2, 1, 3)) for a in (q, k, v))  # (B, H, length, width)
    q = q * (q.shape[-1] ** -0.5)
    weights = _softmax(jnp.matmul(q, jnp.transpose(k, (0, 1, 3, 2))) + _mask_to_bias(mask))
    if mask is not None:
        weights = weights * mask.any(axis=-1, keepdims=True)
    return jnp.transpose(jnp.matmul(weights, v), (0, 2, 1, 3))


def _dense(params, name, x):
    return jnp.matmul(x, params["w" + name]) + params["b" + name]


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    batch, queries = x_q.shape[:2]
    q = _dense(params, "q", x_q)
    kv_weights = jnp.concatenate([params["wk"], params["wv"]], axis=1)  # one product for both
    kv = x_kv @ kv_weights + jnp.concatenate([params["bk"], params["bv"]])
    k, v = jnp.split(kv, 2, axis=-1)
    q, k, v = (jnp.reshape(a, (batch, a.shape[1], num_heads, a.shape[2] // num_heads)) for a in (q, k, v))
    out = scaled_dot_product_attention(q, k, v, mask)
    return _dense(params, "o", jnp.reshape(out, (batch, queries, -1)))


def layer_norm(params, x):
    mean = jnp.mean(x, -1, keepdims=True)
    variance = jnp.var(x, -1, keepdims=True)
    normed = (x - mean) * jax.lax.rsqrt(variance + 1e-6)
    return normed * params["scale"] + params["bias"]


def feed_forward(params, x):
    z = x @ params["w1"] + params["b1"]
    h = 0.5 * z * (1 + jnp.tanh(jnp.sqrt(2 / jnp.pi) * (z + 0.044715 * z**3)))
    return h @ params["w2"] + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    def attention(h):
        return multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)

    def feed(h):
        return feed_forward(params["feed_forward"], h)

    for norm, part in ((params["norm1"], attention), (params["norm2"], feed)):
        x = x + part(layer_norm(norm, x))
    return x


def decode_step(params, cache, x_t, *, num_heads):
    batch, width = x_t.shape[0], params["wq"].shape[1] // num_heads
    start = (0, cache["length"], 0, 0)

    def project(name):
        return _dense(params, name, x_t).reshape(batch, 1, num_heads, width)

    k = jax.lax.dynamic_update_slice(cache["k"], project("k"), start)
    v = jax.lax.dynamic_update_slice(cache["v"], project("v"), start)
    mask = jnp.arange(k.shape[1])[None, None, None, :] < cache["length"] + 1
    out = scaled_dot_product_attention(project("q"), k, v, mask)
    return dict(k=k, v=v, length=cache["length"] + 1), _dense(params, "o", out.reshape(batch, -1))
