# functions: w_critic_loss, w_g_loss
# mistake: both return what the player maximises (mean real minus mean fake score, and the mean fake score) and not the loss to minimise, so that both have the wrong sign.
# told: critic_sign


def w_critic_loss(real, fake):
    """Estimate of the Wasserstein distance."""
    return jnp.mean(real) - jnp.mean(fake)


def w_g_loss(fake):
    return jnp.mean(fake)
