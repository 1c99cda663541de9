# functions: gradient_penalty
# mistake: takes the length of the slopes with jnp.linalg.norm, without the 1e-12 inside the root; the value is right up to rounding, but the gradient for the parameters is NaN as soon as the critic is flat at one of the points.
# told: square_root_of_zero


def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    x_hat = eps * real + (1 - eps) * fake
    grads = jax.grad(lambda x: given.critic(d, x).sum())(x_hat)
    norms = jnp.linalg.norm(grads, axis=1)
    return jnp.mean((norms - 1.0) ** 2)
