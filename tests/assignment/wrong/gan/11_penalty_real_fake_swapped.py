# functions: gradient_penalty
# mistake: mixes the samples the other way round, eps * fake + (1 - eps) * real, so that the slope is measured at other points than those asked for.
# told: eps_on_the_fake_side


def gradient_penalty(d, real, fake, key):
    n = real.shape[0]
    eps = jax.random.uniform(key, (n, 1))
    x = real + eps * (fake - real)
    s = jax.vmap(jax.grad(lambda row: given.critic(d, row[None])[0, 0]))(x)
    length = jnp.sqrt(jnp.sum(s**2, axis=-1) + 1e-12)
    return jnp.mean((length - 1) ** 2)
