"""Attention and the transformer block: a complete submission."""

import math

import jax
import jax.numpy as jnp

# --- positions and masks ---


def positional_encoding(positions, *, dim):
    k = jnp.arange(dim // 2)
    angles = positions[:, None].astype(jnp.float32) / 10000.0 ** (2 * k / dim)
    return jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1).reshape(positions.shape[0], dim)


def causal_mask(*, length):
    t = jnp.arange(length)
    return (t[None, :] <= t[:, None])[None, None]


def padding_mask(lengths, *, size):
    return (jnp.arange(size)[None, :] < lengths[:, None])[:, None, None, :]


# --- attention ---


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / math.sqrt(q.shape[-1])
    if mask is not None:
        mask = jnp.broadcast_to(mask, scores.shape)
        scores = jnp.where(mask, scores, -1e30)
    e = jnp.exp(scores - jax.lax.stop_gradient(jnp.max(scores, axis=-1, keepdims=True)))
    if mask is not None:
        e = jnp.where(mask, e, 0.0)
    total = jnp.sum(e, axis=-1, keepdims=True)
    weights = e / jnp.where(total > 0, total, 1.0)
    return jnp.einsum("bhts,bshd->bthd", weights, v)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    def heads(x, w, b):
        y = x @ w + b
        return y.reshape(y.shape[0], y.shape[1], num_heads, -1)

    q = heads(x_q, params["wq"], params["bq"])
    k = heads(x_kv, params["wk"], params["bk"])
    v = heads(x_kv, params["wv"], params["bv"])
    out = scaled_dot_product_attention(q, k, v, mask)
    return out.reshape(out.shape[0], out.shape[1], -1) @ params["wo"] + params["bo"]


# --- the encoder block ---


def layer_norm(params, x):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    var = jnp.mean((x - mean) ** 2, axis=-1, keepdims=True)
    return (x - mean) / jnp.sqrt(var + 1e-6) * params["scale"] + params["bias"]


def feed_forward(params, x):
    return jax.nn.gelu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    h = layer_norm(params["norm1"], x)
    y = x + multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)
    return y + feed_forward(params["feed_forward"], layer_norm(params["norm2"], y))


# --- decoding ---


def decode_step(params, cache, x_t, *, num_heads):
    batch, room = cache["k"].shape[:2]
    length = cache["length"]

    def heads(w, b):
        return (x_t @ w + b).reshape(batch, num_heads, -1)

    k = cache["k"].at[:, length].set(heads(params["wk"], params["bk"]))
    v = cache["v"].at[:, length].set(heads(params["wv"], params["bv"]))
    q = heads(params["wq"], params["bq"])[:, None]
    mask = (jnp.arange(room) <= length)[None, None, None, :]
    out = scaled_dot_product_attention(q, k, v, mask)
    out = out.reshape(batch, -1) @ params["wo"] + params["bo"]
    return {"k": k, "v": v, "length": length + 1}, out
