# functions: scaled_dot_product_attention
# mistake: hides keys with scores.at[~mask].set(...), an index by a traced boolean array, so that JAX raises NonConcreteBooleanIndexError whenever a mask is given; without a mask it is right.
# told: a boolean mask was used as an index


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        mask = jnp.broadcast_to(mask, scores.shape)
        scores = scores.at[~mask].set(-1e30)
    scores = scores - scores.max(axis=-1, keepdims=True)
    e = jnp.exp(scores)
    if mask is not None:
        e = e * mask
    total = e.sum(axis=-1, keepdims=True)
    weights = e / jnp.where(total == 0, 1.0, total)
    return jnp.einsum("bhts,bshd->bthd", weights, v)
