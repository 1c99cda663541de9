# functions: decode_step
# mistake: the new position sees the places below length only and so not its own key and value; with an empty cache it sees nothing and the output is just the bias bo.
# told: does_not_look_at_itself


def decode_step(params, cache, x_t, *, num_heads):
    B, L, H, D = cache["k"].shape
    length = cache["length"]
    q = (x_t @ params["wq"] + params["bq"]).reshape(B, 1, H, D)
    k_t = (x_t @ params["wk"] + params["bk"]).reshape(B, 1, H, D)
    v_t = (x_t @ params["wv"] + params["bv"]).reshape(B, 1, H, D)
    k = jax.lax.dynamic_update_slice(cache["k"], k_t, (0, length, 0, 0))
    v = jax.lax.dynamic_update_slice(cache["v"], v_t, (0, length, 0, 0))
    filled = jnp.arange(L) < length
    out = scaled_dot_product_attention(q, k, v, filled[None, None, None, :])
    out = out.reshape(B, H * D) @ params["wo"] + params["bo"]
    return {"k": k, "v": v, "length": length + 1}, out
