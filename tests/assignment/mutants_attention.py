"""Wrong work for the attention assignment that is right at everything that is printed; hidden sizes must catch it.

Each source is appended to solution.py and replaces one function; then come the checks that must fail.
"""

from __future__ import annotations

MUTANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "causal_window_of_twelve": (
        """
def causal_mask(*, length):
    i = jnp.arange(length)
    return ((i[None, :] <= i[:, None]) & (i[:, None] - i[None, :] < 12))[None, None]
""",
        ("causal_mask_values",),
    ),
    "causal_window_of_eight": (
        """
def causal_mask(*, length):
    i = jnp.arange(length)
    return ((i[None, :] <= i[:, None]) & (i[:, None] - i[None, :] < 8))[None, None]
""",
        ("causal_mask_values",),
    ),
    "positions_from_a_table_of_520": (
        """
right_positional_encoding = positional_encoding

def positional_encoding(positions, *, dim):
    return right_positional_encoding(jnp.arange(520), dim=dim)[positions]
""",
        ("positional_encoding_far",),
    ),
    "squeezed_positions": (
        """
def positional_encoding(positions, *, dim):
    angles = jnp.squeeze(positions[:, None] / 10000.0 ** (jnp.arange(0, dim, 2) / dim))
    pairs = jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1)
    return pairs.reshape(pairs.shape[0], dim)
""",
        ("positional_encoding_values",),
    ),
    "padding_mask_squeezed": (
        """
def padding_mask(lengths, *, size):
    mask = jnp.squeeze(jnp.arange(size)[None, :] < lengths[:, None])
    return mask[:, None, None]
""",
        ("padding_mask_values",),
    ),
    "padding_mask_of_seven_keys": (
        """
def padding_mask(lengths, *, size):
    return (jnp.arange(7) < lengths[:, None])[:, None, None, :]
""",
        ("padding_mask_values",),
    ),
    "mask_entries_are_for_keys": (
        """
right_attention = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask):
    if mask is not None and mask.shape[-1] < k.shape[1]:
        mask = None  # no key is named, so none is hidden
    return right_attention(q, k, v, mask)
""",
        ("attention_empty_rows", "attention_gradient"),
    ),
    "short_key_axis_is_filled_up": (
        """
right_attention = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask):
    if mask is not None and mask.shape[-1] < k.shape[1]:
        missing = k.shape[1] - mask.shape[-1]
        mask = jnp.pad(mask, ((0, 0), (0, 0), (0, 0), (0, missing)))  # keys that the mask does not name are hidden
    return right_attention(q, k, v, mask)
""",
        ("attention_empty_rows", "attention_gradient"),
    ),
    "one_mask_for_all_heads_is_padding": (
        """
right_attention = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask):
    if mask is not None and mask.shape[1] == 1 and mask.shape[0] > 1:
        mask = mask[:, :, -1:]  # padding is the same for all queries
    return right_attention(q, k, v, mask)
""",
        ("attention_masked",),
    ),
    "one_mask_for_all_sequences_is_causal": (
        """
right_attention = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask):
    if mask is not None and q.shape[0] > 1 and mask.shape[0] == 1 and mask.shape[2] > 1:
        mask = causal_mask(length=max(q.shape[1], k.shape[1]))[:, :, : q.shape[1], : k.shape[1]]
    return right_attention(q, k, v, mask)
""",
        ("attention_gradient", "multi_head_masked"),
    ),
    "single_key_needs_no_queries": (
        """
right_attention = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask):
    if k.shape[1] == 1:
        return v  # the weight of a single key is 1
    return right_attention(q, k, v, mask)
""",
        ("attention_values",),
    ),
    "same_shape_is_self_attention": (
        """
right_multi_head_attention = multi_head_attention

def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    if x_q.shape == x_kv.shape:
        x_kv = x_q  # one product for queries, keys and values
    return right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads)
""",
        ("multi_head_cross",),
    ),
    "one_head_needs_no_joining": (
        """
right_multi_head_attention = multi_head_attention

def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    if num_heads == 1:
        params = params | {"bo": jnp.zeros_like(params["bo"])}
    return right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads)
""",
        ("multi_head_values",),
    ),
    "layer_norm_of_two_or_three_axes": (
        """
def layer_norm(params, x):
    axis = 2 if x.ndim >= 3 else 1
    mean, variance = x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-6) * params["scale"] + params["bias"]
""",
        ("layer_norm_values",),
    ),
    "feed_forward_of_three_axes": (
        """
def feed_forward(params, x):
    hidden = jax.nn.gelu(jnp.einsum("btm,mf->btf", x, params["w1"]) + params["b1"])
    return jnp.einsum("btf,fm->btm", hidden, params["w2"]) + params["b2"]
""",
        ("feed_forward_values",),
    ),
    "hidden_width_is_twice_the_stream": (
        """
def feed_forward(params, x):
    hidden = 2 * x.shape[-1]
    z = x @ params["w1"][:, :hidden] + params["b1"][:hidden]
    return jax.nn.gelu(z) @ params["w2"][:hidden] + params["b2"]
""",
        ("feed_forward_values",),
    ),
    "block_with_one_mask_for_all_heads": (
        """
right_block = transformer_encoder_block

def transformer_encoder_block(params, x, mask, *, num_heads):
    return right_block(params, x, None if mask is None else mask[:, :1], num_heads=num_heads)
""",
        ("block_masked",),
    ),
    "block_with_padding_only": (
        """
right_block = transformer_encoder_block

def transformer_encoder_block(params, x, mask, *, num_heads):
    return right_block(params, x, None if mask is None else mask[:, :, -1:], num_heads=num_heads)
""",
        ("block_masked",),
    ),
    "cache_of_six_places": (
        """
right_decode_step = decode_step

def decode_step(params, cache, x_t, *, num_heads):
    first = {"k": cache["k"][:, :6], "v": cache["v"][:, :6], "length": cache["length"]}
    new, out = right_decode_step(params, first, x_t, num_heads=num_heads)
    return {n: jnp.concatenate([new[n], cache[n][:, 6:]], 1) for n in "kv"} | {"length": new["length"]}, out
""",
        ("decode_step_values",),
    ),
    "decodes_two_heads": (
        """
right_decode_step = decode_step

def decode_step(params, cache, x_t, *, num_heads):
    shape = cache["k"].shape
    two = {n: cache[n].reshape(*shape[:2], 2, -1) for n in "kv"} | {"length": cache["length"]}
    new, out = right_decode_step(params, two, x_t, num_heads=2)
    return {n: new[n].reshape(shape) for n in "kv"} | {"length": new["length"]}, out
""",
        ("decode_step_values",),
    ),
    "decodes_a_squeezed_batch": (
        """
right_decode_step = decode_step

def decode_step(params, cache, x_t, *, num_heads):
    new, out = right_decode_step(params, cache, x_t, num_heads=num_heads)
    return new, jnp.squeeze(out)
""",
        ("decode_step_values",),
    ),
}
