# functions: scaled_dot_product_attention
# mistake: computes the softmax over all keys and only then sets the weights of hidden keys to 0, without normalising again, so that the weights of a query with hidden keys add up to less than 1.
# told: hides_after_the_softmax


def scaled_dot_product_attention(q, k, v, mask):
    d = q.shape[-1]
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / jnp.sqrt(d)
    scores = scores - jnp.max(scores, axis=-1, keepdims=True)
    weights = jnp.exp(scores)
    weights = weights / jnp.sum(weights, axis=-1, keepdims=True)
    if mask is not None:
        weights = jnp.where(mask, weights, 0.0)
    return jnp.einsum("bhts,bshd->bthd", weights, v)
