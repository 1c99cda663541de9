# functions: scaled_dot_product_attention
# mistake: adds -inf to hidden scores and turns the NaN of queries that see nothing into 0 afterwards with jnp.nan_to_num; the values are right, but the gradient for q and k is NaN where such a query takes part.
# told: nan_hides_in_the_gradient


def scaled_dot_product_attention(q, k, v, mask):
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores + jnp.where(mask, 0.0, -jnp.inf)
    scores = scores - jnp.max(scores, axis=-1, keepdims=True)
    e = jnp.exp(scores)
    weights = e / jnp.sum(e, axis=-1, keepdims=True)
    weights = jnp.nan_to_num(weights)  # rows without any visible key
    return jnp.einsum("bhts,bshd->bthd", weights, v)
