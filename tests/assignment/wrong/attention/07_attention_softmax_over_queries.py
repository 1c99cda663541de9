# functions: scaled_dot_product_attention
# mistake: normalises over the axis of the queries and not over that of the keys, so that the weights of a query do not add up to 1.
# told: softmax_over_the_queries


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / jnp.sqrt(q.shape[-1])
    if mask is None:
        visible = jnp.ones(scores.shape, bool)
    else:
        visible = jnp.broadcast_to(mask, scores.shape)
    scores = jnp.where(visible, scores, -1e30)
    e = jnp.exp(scores - jnp.max(scores, axis=2, keepdims=True))
    e = jnp.where(visible, e, 0.0)
    weights = e / jnp.maximum(jnp.sum(e, axis=2, keepdims=True), 1e-30)
    return jnp.einsum("bhts,bshd->bthd", weights, v)
