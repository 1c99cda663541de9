# A loop wherever the formula has an index: heads, pairs, steps. Slow to read, easy to believe.
import math

import jax.numpy as jnp
from jax import Array, lax
from jax.nn import gelu

BIG = 1e30


def positional_encoding(positions: Array, *, dim: int) -> Array:
    pe = jnp.zeros((positions.shape[0], dim))
    for k in range(dim // 2):
        rate = math.pow(10000, -2 * k / dim)
        pe = pe.at[:, 2 * k].set(jnp.sin(positions * rate))
        pe = pe.at[:, 2 * k + 1].set(jnp.cos(positions * rate))
    return pe


def causal_mask(*, length: int) -> Array:
    rows = [[key <= query for key in range(length)] for query in range(length)]
    return jnp.array(rows, dtype=bool).reshape(1, 1, length, length)


def padding_mask(lengths: Array, *, size: int) -> Array:
    columns = []
    for key in range(size):
        columns.append(lengths > key)
    return jnp.stack(columns, axis=-1)[:, None, None, :]


def one_head(q: Array, k: Array, v: Array, mask: Array | None) -> Array:
    # q (B, T, D), k (B, S, D), v (B, S, Dv), mask (B or 1, T or 1, S) -> (B, T, Dv)
    scores = jnp.matmul(q, jnp.swapaxes(k, 1, 2)) / math.sqrt(q.shape[2])
    if mask is None:
        e = jnp.exp(scores - jnp.max(scores, axis=2, keepdims=True))
        return jnp.matmul(e / jnp.sum(e, axis=2, keepdims=True), v)
    scores = jnp.where(mask, scores, -BIG)
    e = jnp.exp(scores - jnp.max(scores, axis=2, keepdims=True))
    p = e / jnp.sum(e, axis=2, keepdims=True)  # uniform where nothing is visible ...
    return jnp.matmul(p * mask, v)  # ... and zero after this


def scaled_dot_product_attention(q: Array, k: Array, v: Array, mask: Array | None) -> Array:
    out = []
    for h in range(q.shape[2]):
        m = mask
        if mask is not None:
            m = mask[:, h] if mask.shape[1] > 1 else mask[:, 0]
        out.append(one_head(q[:, :, h], k[:, :, h], v[:, :, h], m))
    return jnp.stack(out, axis=2)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    width = params["wq"].shape[1] // num_heads
    y = params["bo"]
    for h in range(num_heads):
        block = slice(h * width, (h + 1) * width)
        q = x_q @ params["wq"][:, block] + params["bq"][block]
        k = x_kv @ params["wk"][:, block] + params["bk"][block]
        v = x_kv @ params["wv"][:, block] + params["bv"][block]
        m = mask
        if m is not None:
            m = m[:, h] if m.shape[1] > 1 else m[:, 0]
        # the rows of wo that belong to this head: joining the heads is a sum
        y = y + one_head(q, k, v, m) @ params["wo"][block]
    return y


def layer_norm(params, x):
    n = x.shape[-1]
    mean = jnp.sum(x, axis=-1, keepdims=True) / n
    var = jnp.sum(x * x, axis=-1, keepdims=True) / n - mean * mean
    return (x - mean) * lax.rsqrt(jnp.maximum(var, 0.0) + 1e-6) * params["scale"] + params["bias"]


def feed_forward(params, x):
    h = gelu(jnp.dot(x, params["w1"]) + params["b1"])
    return jnp.dot(h, params["w2"]) + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    h = layer_norm(params["norm1"], x)
    a = multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)
    x = x + a
    f = feed_forward(params["feed_forward"], layer_norm(params["norm2"], x))
    return x + f


def decode_step(params, cache, x_t, *, num_heads):
    n = cache["length"]
    room = cache["k"].shape[1]
    here = (jnp.arange(room) == n)[None, :, None, None]
    seen = (jnp.arange(room) <= n)[None, None, :]
    width = cache["k"].shape[3]
    ks, vs, y = [], [], params["bo"]
    for h in range(num_heads):
        block = slice(h * width, (h + 1) * width)
        ks.append(x_t @ params["wk"][:, block] + params["bk"][block])
        vs.append(x_t @ params["wv"][:, block] + params["bv"][block])
    k = jnp.where(here, jnp.stack(ks, 1)[:, None], cache["k"])
    v = jnp.where(here, jnp.stack(vs, 1)[:, None], cache["v"])
    for h in range(num_heads):
        block = slice(h * width, (h + 1) * width)
        q = x_t @ params["wq"][:, block] + params["bq"][block]
        y = y + one_head(q[:, None], k[:, :, h], v[:, :, h], seen)[:, 0] @ params["wo"][block]
    return {"length": n + 1, "v": v, "k": k}, y
