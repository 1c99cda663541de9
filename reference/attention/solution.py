"""An independent solution: jax.numpy only, every softmax and normalisation written out."""

import jax
import jax.numpy as jnp


def positional_encoding(positions, *, dim):
    k = jnp.arange(dim // 2)
    angles = positions[:, None] / 10000.0 ** (2 * k / dim)
    return jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1).reshape(len(positions), dim)


def causal_mask(*, length):
    i = jnp.arange(length)
    return (i[None, :] <= i[:, None])[None, None]


def padding_mask(lengths, *, size):
    return (jnp.arange(size) < lengths[:, None])[:, None, None, :]


def masked_softmax(scores, mask):
    """Softmax over the last axis among the visible entries; a row without any is all zeros."""
    if mask is not None:
        # A large finite number, not -inf: a row that is hidden entirely would give inf - inf.
        scores = jnp.where(mask, scores, -1e30)
    e = jnp.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    # Hidden entries are exactly 0 by now, unless their whole row is hidden: then all are 1 / S.
    return weights if mask is None else weights * mask.any(axis=-1, keepdims=True)


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
    return jnp.einsum("bhts,bshd->bthd", masked_softmax(scores, mask), v)


def split_heads(x, num_heads):
    return x.reshape(*x.shape[:-1], num_heads, -1)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    q = split_heads(x_q @ params["wq"] + params["bq"], num_heads)
    k = split_heads(x_kv @ params["wk"] + params["bk"], num_heads)
    v = split_heads(x_kv @ params["wv"] + params["bv"], num_heads)
    heads = scaled_dot_product_attention(q, k, v, mask)
    return heads.reshape(*heads.shape[:2], -1) @ params["wo"] + params["bo"]


def layer_norm(params, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt(variance + 1e-6) * params["scale"] + params["bias"]


def feed_forward(params, x):
    return jax.nn.gelu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    h = layer_norm(params["norm1"], x)
    x = x + multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)
    return x + feed_forward(params["feed_forward"], layer_norm(params["norm2"], x))


def decode_step(params, cache, x_t, *, num_heads):
    now = cache["length"]
    q = split_heads(x_t @ params["wq"] + params["bq"], num_heads)[:, None]
    k = cache["k"].at[:, now].set(split_heads(x_t @ params["wk"] + params["bk"], num_heads))
    v = cache["v"].at[:, now].set(split_heads(x_t @ params["wv"] + params["bv"], num_heads))
    seen = jnp.arange(k.shape[1]) <= now
    heads = scaled_dot_product_attention(q, k, v, seen[None, None, None, :])
    out = heads.reshape(len(x_t), -1) @ params["wo"] + params["bo"]
    return {"k": k, "v": v, "length": now + 1}, out
