# functions: hinge_g_loss
# mistake: gives the generator a hinge too, the mean of max(0, 1 - f), in place of minus the mean score, so that scores above 1 no longer count and the others are off by 1.
# told: hinge_for_the_generator_too


def hinge_g_loss(fake):
    return jnp.mean(jax.nn.relu(1.0 - fake))
