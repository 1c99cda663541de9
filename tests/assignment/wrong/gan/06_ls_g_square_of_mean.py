# functions: ls_g_loss
# mistake: squares the mean distance in place of averaging the squared distances, so that the spread of the scores is lost; a single sample is right.
# told: ls_generator_squares_the_mean


def ls_g_loss(fake):
    return 0.5 * jnp.mean(fake - 1.0) ** 2
