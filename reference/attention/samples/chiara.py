"""Chiara: a clean piece of work with one wrong scale, post-norm, and a cache that is read to its end."""

import jax
import jax.numpy as jnp


def positional_encoding(positions, *, dim):
    angle = positions[:, None] / 10000 ** (jnp.arange(0, dim, 2) / dim)
    out = jnp.zeros((positions.shape[0], dim))
    return out.at[:, ::2].set(jnp.sin(angle)).at[:, 1::2].set(jnp.cos(angle))


def causal_mask(*, length):
    return jnp.tri(length, dtype=bool)[None, None]


def padding_mask(lengths, *, size):
    return (jnp.arange(size) < lengths[:, None])[:, None, None, :]


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / q.shape[-1]
    seen = jnp.ones(scores.shape, bool) if mask is None else jnp.broadcast_to(mask, scores.shape)
    scores = jnp.where(seen, scores, -1e9)
    e = jnp.where(seen, jnp.exp(scores - scores.max(-1, keepdims=True)), 0)
    total = e.sum(-1, keepdims=True)
    return jnp.einsum("bhts,bshd->bthd", e / jnp.where(total > 0, total, 1), v)


def _split(x, heads):
    return x.reshape(*x.shape[:-1], heads, -1)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    q = _split(x_q @ params["wq"] + params["bq"], num_heads)
    k = _split(x_kv @ params["wk"] + params["bk"], num_heads)
    v = _split(x_kv @ params["wv"] + params["bv"], num_heads)
    y = scaled_dot_product_attention(q, k, v, mask)
    return y.reshape(*x_q.shape[:2], -1) @ params["wo"] + params["bo"]


def layer_norm(params, x):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-6) * params["scale"] + params["bias"]


def feed_forward(params, x):
    return jax.nn.gelu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    a = multi_head_attention(params["attention"], x, x, mask, num_heads=num_heads)
    x = layer_norm(params["norm1"], x + a)
    return layer_norm(params["norm2"], x + feed_forward(params["feed_forward"], x))


def decode_step(params, cache, x_t, *, num_heads):
    n = cache["length"]
    q = _split(x_t @ params["wq"] + params["bq"], num_heads)[:, None]
    k = cache["k"].at[:, n].set(_split(x_t @ params["wk"] + params["bk"], num_heads))
    v = cache["v"].at[:, n].set(_split(x_t @ params["wv"] + params["bv"], num_heads))
    y = scaled_dot_product_attention(q, k, v, None)
    return {"k": k, "v": v, "length": n + 1}, y.reshape(x_t.shape[0], -1) @ params["wo"] + params["bo"]
