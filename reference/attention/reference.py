"""The trusted side: the starter's signatures, with Flax library calls for bodies.

Runs in float64 for the truth and in float32 for the tolerance.  Where the libraries do not do what the handout asks:

- jax.nn.dot_product_attention, nnx.dot_product_attention and nnx.MultiHeadAttention take the softmax in float32 even of
  float64 numbers.  flax.linen.dot_product_attention does not, so it is the truth here, also inside
  nnx.MultiHeadAttention (through its attention_fn).  jax.nn.dot_product_attention also wants values as wide as keys.
- All of them answer a query that may look at no key with the mean of all values; the handout asks for zeros, which are
  put in afterwards.

The sinusoidal encoding is in no library; it is written with complex exponentials.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen, nnx

Params = dict[str, Any]


def positional_encoding(positions: jax.Array, *, dim: int) -> jax.Array:
    k = jnp.arange(dim // 2)
    turns = jnp.exp(1j * positions[:, None] / jnp.power(10000.0, 2 * k / dim))
    return jnp.stack([turns.imag, turns.real], axis=-1).reshape(positions.shape[0], dim)


def causal_mask(*, length: int) -> jax.Array:
    return nnx.make_causal_mask(jnp.ones((1, length)), dtype=bool)


def padding_mask(lengths: jax.Array, *, size: int) -> jax.Array:
    real = jnp.arange(size)[None, :] < lengths[:, None]
    return nnx.make_attention_mask(jnp.ones((lengths.shape[0], 1), bool), real, jnp.logical_and, dtype=bool)


def scaled_dot_product_attention(q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None) -> jax.Array:
    out = linen.dot_product_attention(q, k, v, mask=mask, deterministic=True, precision="highest")
    if mask is None:
        return out
    sees_any = jnp.moveaxis(mask.any(axis=-1, keepdims=True), 1, 2)  # (B, H, T, 1) -> (B, T, H, 1)
    return jnp.where(sees_any, out, 0)


def _attend(
    query: jax.Array, key: jax.Array, value: jax.Array, *, mask: jax.Array | None = None, **_: Any
) -> jax.Array:
    """The handout's attention in the shape that nnx.MultiHeadAttention wants for its attention_fn."""
    return scaled_dot_product_attention(query, key, value, mask)


def _filled(make: Any, values: dict[str, Any]) -> Any:
    """Build an nnx module without drawing its parameters, and put these in."""
    graph, state = nnx.split(nnx.eval_shape(make))
    nnx.replace_by_pure_dict(state, values)
    return nnx.merge(graph, state)


def _attention(params: Params, num_heads: int, cache: Params | None = None) -> nnx.MultiHeadAttention:
    """Return ``flax.nnx.MultiHeadAttention`` with the handout's matrices: kernels are (M, H, D) and (H, D, M)."""
    features, inner = params["wq"].shape

    def make() -> nnx.MultiHeadAttention:
        module = nnx.MultiHeadAttention(
            num_heads,
            features,
            qkv_features=inner,
            in_kv_features=params["wk"].shape[0],
            precision="highest",
            attention_fn=_attend,
            decode=cache is not None,
            keep_rngs=False,
            rngs=nnx.Rngs(0),
        )
        if cache is not None:
            batch, room = cache["k"].shape[:2]
            module.init_cache((batch, room, features), dtype=cache["k"].dtype)
        return module

    heads = (num_heads, inner // num_heads)
    values: dict[str, Any] = {
        name: {"kernel": params["w" + short].reshape(-1, *heads), "bias": params["b" + short].reshape(heads)}
        for name, short in (("query", "q"), ("key", "k"), ("value", "v"))
    }
    values["out"] = {"kernel": params["wo"].reshape(*heads, features), "bias": params["bo"]}
    if cache is not None:
        values |= {"cached_key": cache["k"], "cached_value": cache["v"], "cache_index": cache["length"]}
    return _filled(make, values)


def multi_head_attention(
    params: Params, x_q: jax.Array, x_kv: jax.Array, mask: jax.Array | None, *, num_heads: int
) -> jax.Array:
    return _attention(params, num_heads)(x_q, x_kv, mask=mask)


def layer_norm(params: Params, x: jax.Array) -> jax.Array:
    def make() -> nnx.LayerNorm:
        # The default one-pass variance loses digits where the mean is large.
        return nnx.LayerNorm(x.shape[-1], epsilon=1e-6, use_fast_variance=False, rngs=nnx.Rngs(0))

    return _filled(make, {"scale": params["scale"], "bias": params["bias"]})(x)


def _linear(w: jax.Array, b: jax.Array, x: jax.Array) -> jax.Array:
    i, o = w.shape
    return _filled(lambda: nnx.Linear(i, o, precision="highest", rngs=nnx.Rngs(0)), {"kernel": w, "bias": b})(x)


def feed_forward(params: Params, x: jax.Array) -> jax.Array:
    h = nnx.gelu(_linear(params["w1"], params["b1"], x), approximate=True)
    return _linear(params["w2"], params["b2"], h)


def transformer_encoder_block(params: Params, x: jax.Array, mask: jax.Array | None, *, num_heads: int) -> jax.Array:
    h = layer_norm(params["norm1"], x)
    x = x + multi_head_attention(params["attention"], h, h, mask, num_heads=num_heads)
    return x + feed_forward(params["feed_forward"], layer_norm(params["norm2"], x))


def decode_step(params: Params, cache: Params, x_t: jax.Array, *, num_heads: int) -> tuple[Params, jax.Array]:
    module = _attention(params, num_heads, cache)
    out = module(x_t[:, None, :])[:, 0]
    state = {"k": module.cached_key[...], "v": module.cached_value[...], "length": module.cache_index[...]}
    return state, out
