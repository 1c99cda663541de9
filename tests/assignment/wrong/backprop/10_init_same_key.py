# functions: mlp_init, given.init_twice
# mistake: draws the weights of every layer with the same key, so that the layers are not independent: layers of the same shape are identical.
# told: one_key_for_all_layers


def mlp_init(key, *, sizes):
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        w = jax.random.normal(key, (n_in, n_out), jnp.float32) * jnp.sqrt(2.0 / n_in)
        params.append({"w": w, "b": jnp.zeros((n_out,), jnp.float32)})
    return params
