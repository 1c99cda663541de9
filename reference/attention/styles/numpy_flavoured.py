# Looks like NumPy, and would run under NumPy nearly unchanged; np is jax.numpy.
import jax.numpy as np
from jax.nn import gelu
from numpy import float32, inf, sqrt


def positional_encoding(positions, *, dim):
    T = positions.shape[0]
    d = np.arange(dim)
    angle = positions.reshape(T, 1) / np.power(float32(10000), (d - d % 2) / dim)
    return np.where(d % 2 == 1, np.cos(angle), np.sin(angle))


def causal_mask(*, length):
    q, k = np.meshgrid(np.arange(length), np.arange(length), indexing="ij")
    return np.logical_not(k > q)[np.newaxis, np.newaxis]


def padding_mask(lengths, *, size):
    mask = np.arange(size)[np.newaxis, :] < lengths[:, np.newaxis]
    return mask.reshape(len(lengths), 1, 1, size)


def scaled_dot_product_attention(q, k, v, mask):
    B, T, H, D = q.shape
    S = k.shape[1]
    if mask is None:
        mask = np.ones((1, 1, 1, 1), dtype=bool)
    mask = np.broadcast_to(mask, (B, H, T, S))
    scores = np.sum(q.transpose(0, 2, 1, 3)[:, :, :, None, :] * k.transpose(0, 2, 1, 3)[:, :, None, :, :], axis=-1)
    scores = scores / float32(sqrt(D))
    scores = np.where(mask, scores, -inf)
    biggest = np.max(scores, axis=-1, keepdims=True)
    biggest = np.where(biggest == -inf, 0, biggest)
    e = np.exp(scores - biggest)  # exp(-inf) is exactly 0
    denominator = np.sum(e, axis=-1, keepdims=True)
    denominator = np.where(denominator == 0, 1, denominator)
    p = e / denominator
    return np.matmul(p, v.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    def split(x):
        return np.stack(np.split(x, num_heads, axis=-1), axis=-2)

    q = split(np.dot(x_q, params["wq"]) + params["bq"])
    k = split(np.dot(x_kv, params["wk"]) + params["bk"])
    v = split(np.dot(x_kv, params["wv"]) + params["bv"])
    a = scaled_dot_product_attention(q, k, v, mask)
    a = np.concatenate([a[:, :, h] for h in range(num_heads)], axis=-1)
    return np.dot(a, params["wo"]) + params["bo"]


def layer_norm(params, x):
    mu = np.mean(x, axis=-1)[..., np.newaxis]
    sigma = np.sqrt(np.var(x, axis=-1)[..., np.newaxis] + 1e-6)
    return np.multiply((x - mu) / sigma, params["scale"]) + params["bias"]


def feed_forward(params, x):
    return np.dot(gelu(np.dot(x, params["w1"]) + params["b1"]), params["w2"]) + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    y = layer_norm(params["norm1"], x)
    x = np.add(x, multi_head_attention(params["attention"], y, y, mask, num_heads=num_heads))
    y = layer_norm(params["norm2"], x)
    return np.add(x, feed_forward(params["feed_forward"], y))


def decode_step(params, cache, x_t, *, num_heads):
    t = cache["length"]
    B, L, H, D = cache["k"].shape
    new = {"length": t + 1}
    row = np.arange(L).reshape(1, L, 1, 1)
    for name in ("k", "v"):
        this = (np.dot(x_t, params["w" + name]) + params["b" + name]).reshape(B, 1, H, D)
        new[name] = np.where(row == t, this, cache[name])
    q = (np.dot(x_t, params["wq"]) + params["bq"]).reshape(B, 1, H, D)
    a = scaled_dot_product_attention(q, new["k"], new["v"], row.reshape(1, 1, 1, L) <= t)
    return new, np.dot(a.reshape(B, H * D), params["wo"]) + params["bo"]
