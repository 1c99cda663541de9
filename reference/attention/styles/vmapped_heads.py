"""One query, one head, one sequence at a time; vmap does the rest."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import vmap


def positional_encoding(positions, *, dim):
    def one(position):
        def pair(k):
            angle = position * jnp.exp(-jnp.log(10000.0) * 2 * k / dim)
            return jnp.array([jnp.sin(angle), jnp.cos(angle)])

        return vmap(pair)(jnp.arange(dim // 2)).ravel()

    return vmap(one)(positions)


def causal_mask(*, length):
    i = jnp.arange(length)
    return vmap(lambda query: vmap(lambda key: key <= query)(i))(i)[None, None]


def padding_mask(lengths, *, size):
    return vmap(lambda n: jnp.arange(size) < n)(lengths).reshape(-1, 1, 1, size)


def attend_one_query(q, k, v, seen):
    """q (D,), k (S, D), v (S, Dv), seen (S,) -> (Dv,)"""
    scores = k @ q / jnp.sqrt(q.size)
    top = jnp.max(scores, initial=-jnp.inf, where=seen)
    top = jnp.where(jnp.isfinite(top), top, 0.0)
    e = jnp.where(seen, jnp.exp(jnp.where(seen, scores - top, 0.0)), 0.0)
    return e @ v / jnp.maximum(e.sum(), 1e-30)


attend_one_head = vmap(attend_one_query, in_axes=(0, None, None, 0))
attend_one_sequence = vmap(attend_one_head, in_axes=(1, 1, 1, 0), out_axes=1)
attend_batch = vmap(attend_one_sequence)


def scaled_dot_product_attention(q, k, v, mask):
    (B, T, H, _), S = q.shape, k.shape[1]
    if mask is None:
        mask = jnp.array(True)
    return attend_batch(q, k, v, jnp.broadcast_to(mask, (B, H, T, S)))


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    def heads(which, x):
        w = params[f"w{which}"].reshape(x.shape[-1], num_heads, -1)
        b = params[f"b{which}"].reshape(num_heads, -1)
        return vmap(lambda w, b: x @ w + b, in_axes=(1, 0), out_axes=2)(w, b)

    out = scaled_dot_product_attention(heads("q", x_q), heads("k", x_kv), heads("v", x_kv), mask)
    return vmap(vmap(lambda row: row.ravel() @ params["wo"] + params["bo"]))(out)


def on_last_axis(f):
    return jnp.vectorize(f, signature="(m)->(m)")


def layer_norm(params, x):
    @on_last_axis
    def one(row):
        return params["scale"] * (row - row.mean()) / jnp.sqrt(row.var() + 1e-6) + params["bias"]

    return one(x)


def feed_forward(params, x):
    @on_last_axis
    def one(row):
        return jax.nn.gelu(row @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

    return one(x)


def transformer_encoder_block(params, x, mask, *, num_heads):
    norm = partial(layer_norm, params["norm1"])
    x = x + multi_head_attention(params["attention"], norm(x), norm(x), mask, num_heads=num_heads)
    return x + feed_forward(params["feed_forward"], layer_norm(params["norm2"], x))


def decode_step(params, cache, x_t, *, num_heads):
    n = cache["length"]

    def heads(which):
        return (x_t @ params["w" + which] + params["b" + which]).reshape(x_t.shape[0], num_heads, -1)

    write = vmap(lambda old, new: jax.lax.dynamic_update_index_in_dim(old, new, n, axis=0))
    k, v = write(cache["k"], heads("k")), write(cache["v"], heads("v"))
    seen = jnp.arange(k.shape[1]) <= n
    # one sequence: q (H, D), k (L, H, D)
    one = vmap(attend_one_query, in_axes=(0, 1, 1, None))
    out = vmap(one, in_axes=(0, 0, 0, None))(heads("q"), k, v, seen)
    y = out.reshape(x_t.shape[0], -1) @ params["wo"] + params["bo"]
    return {"k": k, "v": v, "length": n + 1}, y
