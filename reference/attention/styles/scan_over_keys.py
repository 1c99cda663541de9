"""Attention that reads the keys one by one and never holds a row of scores: the running maximum trick."""

import jax
from jax import lax
from jax import numpy as jnp


def positional_encoding(positions, *, dim):
    def pair(_, k):
        angle = positions * 10000.0 ** (-2 * k / dim)
        return None, (jnp.sin(angle), jnp.cos(angle))

    _, (sines, cosines) = lax.scan(pair, None, jnp.arange(dim // 2))
    return jnp.stack([sines.T, cosines.T], axis=2).reshape(positions.shape[0], dim)


def causal_mask(*, length):
    return jnp.cumsum(jnp.eye(length), axis=1).T.astype(bool)[None, None]


def padding_mask(lengths, *, size):
    return lax.map(lambda n: lax.iota(jnp.int32, size) < n, lengths)[:, None, None]


def scaled_dot_product_attention(q, k, v, mask):
    B, T, H, D = q.shape
    S = k.shape[1]
    mask = jnp.ones((B, H, T, S), bool) if mask is None else jnp.broadcast_to(mask, (B, H, T, S))
    q = jnp.einsum("bthd->bhtd", q) / D**0.5

    def read(carry, key):
        top, total, mean = carry
        k, v, seen = key  # (B, H, D), (B, H, Dv), (B, H, T)
        score = jnp.einsum("bhtd,bhd->bht", q, k)
        higher = jnp.where(seen, jnp.maximum(top, score), top)
        keep = jnp.exp(top - higher)
        weight = jnp.where(seen, jnp.exp(jnp.where(seen, score - higher, 0)), 0)
        total = total * keep + weight
        mean = mean * keep[..., None] + weight[..., None] * v[:, :, None]
        return (higher, total, mean), None

    start = jnp.full((B, H, T), -1e30), jnp.zeros((B, H, T)), jnp.zeros((B, H, T, v.shape[-1]))
    keys = jnp.moveaxis(k, 1, 0), jnp.moveaxis(v, 1, 0), jnp.moveaxis(mask, 3, 0)
    (_, total, mean), _ = lax.scan(read, start, keys)
    out = mean / jnp.where(total == 0, 1, total)[..., None]
    return out.swapaxes(1, 2)


def dense(params, which, x):
    return x @ params["w" + which] + params["b" + which]


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    def by_heads(x):
        return x.reshape(x.shape[:-1] + (num_heads, -1))

    q, k, v = jax.tree.map(by_heads, (dense(params, "q", x_q), dense(params, "k", x_kv), dense(params, "v", x_kv)))
    out = scaled_dot_product_attention(q, k, v, mask)
    return dense(params, "o", lax.reshape(out, x_q.shape[:2] + (params["wo"].shape[0],)))


def layer_norm(params, x):
    x = x - x.mean(-1, keepdims=True)
    x = x / jnp.hypot(jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-12), 1e-3)
    return x * params["scale"] + params["bias"]


def feed_forward(params, x):
    layers = [(params["w1"], params["b1"]), (params["w2"], params["b2"])]
    for number, (w, b) in enumerate(layers):
        x = x @ w + b
        if number == 0:
            x = jax.nn.gelu(x, approximate=True)
    return x


@jax.jit
def _second_half(params, x):
    return x + feed_forward(params["feed_forward"], layer_norm(params["norm2"], x))


def transformer_encoder_block(params, x, mask, *, num_heads):
    h = layer_norm(params["norm1"], x)
    return _second_half(params, x + multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads))


def decode_step(params, cache, x_t, *, num_heads):
    B, L, H, D = cache["k"].shape
    n = cache["length"]
    put = lambda name: lax.dynamic_update_slice_in_dim(cache[name], dense(params, name, x_t).reshape(B, 1, H, D), n, 1)
    k, v = put("k"), put("v")
    q = dense(params, "q", x_t).reshape(B, H, D)

    def read(place, carry):
        top, total, mean = carry
        score = (q * k[:, place]).sum(-1) / D**0.5
        higher = jnp.maximum(top, score)
        keep, weight = jnp.exp(top - higher), jnp.exp(score - higher)
        return higher, total * keep + weight, mean * keep[..., None] + weight[..., None] * v[:, place]

    start = jnp.full((B, H), -1e30), jnp.zeros((B, H)), jnp.zeros((B, H, D))
    _, total, mean = lax.fori_loop(0, n + 1, read, start)  # only as far as the cache is filled
    y = dense(params, "o", (mean / total[..., None]).reshape(B, H * D))
    return {**cache, "k": k, "v": v, "length": n + 1}, y
