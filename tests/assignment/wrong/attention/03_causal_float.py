# functions: causal_mask
# mistake: returns the mask as float32 ones and zeros and not as booleans, so that the dtype is wrong and combining it with a padding mask by & raises an error.
# told: wrong dtype: expected bool


def causal_mask(*, length):
    mask = jnp.tril(jnp.ones((length, length)))
    return mask[None, None, :, :]
