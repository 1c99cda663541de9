# functions: d_objective
# mistake: applies stop_gradient to the noise z and not to the generated samples, so that the gradient for the generator is not zero; value and gradient for the discriminator are right.
# told: generator_moves_along


def d_objective(d, g, real, z):
    z = jax.lax.stop_gradient(z)
    fake = given.generator(g, z)
    return d_loss(given.critic(d, real), given.critic(d, fake))
