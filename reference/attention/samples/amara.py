"""Attention, by Amara. Everything passes on my machine."""

import jax
import jax.numpy as jnp


def positional_encoding(positions, *, dim):
    k = jnp.arange(dim // 2)
    angle = positions[:, None] / 10000.0 ** (2 * k / dim)
    return jnp.stack([jnp.sin(angle), jnp.cos(angle)], axis=2).reshape(-1, dim)


def causal_mask(*, length):
    return jnp.tril(jnp.ones((1, 1, length, length), dtype=bool))


def padding_mask(lengths, *, size):
    return (jnp.arange(size)[None, :] < lengths[:, None])[:, None, None, :]


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -1e30)
    weights = jnp.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = jnp.where(mask, weights, 0.0)  # zero rows where there is nothing to see
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    def project(name, x):
        y = x @ params["w" + name] + params["b" + name]
        return y.reshape(y.shape[0], y.shape[1], num_heads, -1)

    heads = scaled_dot_product_attention(project("q", x_q), project("k", x_kv), project("v", x_kv), mask)
    joined = heads.reshape(heads.shape[0], heads.shape[1], -1)
    return joined @ params["wo"] + params["bo"]


def layer_norm(params, x):
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return params["scale"] * (x - mean) / jnp.sqrt(var + 1e-6) + params["bias"]


def feed_forward(params, x):
    h = jax.nn.gelu(x @ params["w1"] + params["b1"])
    return h @ params["w2"] + params["b2"]


def transformer_encoder_block(params, x, mask, *, num_heads):
    h = layer_norm(params["norm1"], x)
    x = x + multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)
    h = layer_norm(params["norm2"], x)
    return x + feed_forward(params["feed_forward"], h)


def decode_step(params, cache, x_t, *, num_heads):
    n = cache["length"]
    batch = x_t.shape[0]

    def project(name):
        return (x_t @ params["w" + name] + params["b" + name]).reshape(batch, num_heads, -1)

    k = cache["k"].at[:, n].set(project("k"))
    v = cache["v"].at[:, n].set(project("v"))
    seen = (jnp.arange(k.shape[1]) <= n)[None, None, None, :]
    out = scaled_dot_product_attention(project("q")[:, None], k, v, seen)
    return {"k": k, "v": v, "length": n + 1}, out.reshape(batch, -1) @ params["wo"] + params["bo"]


if __name__ == "__main__":
    x = jax.random.normal(jax.random.key(0), (1, 4, 2, 3))
    print(scaled_dot_product_attention(x, x, x, causal_mask(length=4)).shape)
