# functions: decode_step
# mistake: returns the output first and the new cache second, where the cache has to come first; both are right in themselves.
# told: the parts of the result are in the wrong order


def decode_step(params, cache, x_t, *, num_heads):
    B, L, H, D = cache["k"].shape
    pos = cache["length"]

    def project(name):
        return (x_t @ params["w" + name] + params["b" + name]).reshape(B, H, D)

    new_cache = {
        "k": cache["k"].at[:, pos].set(project("k")),
        "v": cache["v"].at[:, pos].set(project("v")),
        "length": pos + 1,
    }
    visible = (jnp.arange(L) <= pos)[None, None, None, :]
    heads = scaled_dot_product_attention(project("q")[:, None], new_cache["k"], new_cache["v"], visible)
    out = heads.reshape(B, H * D) @ params["wo"] + params["bo"]
    return out, new_cache
