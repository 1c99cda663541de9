# functions: hinge_d_loss
# mistake: copies the term of the real scores for the fake ones and forgets to turn the sign of f, so that it computes max(0, 1 - f) where max(0, 1 + f) is asked for and rewards the critic for high fake scores.
# told: hinge_of_fakes_like_that_of_real_samples


def hinge_d_loss(real, fake):
    # L = -E[min(0, -1 + D(x))] - E[min(0, -1 - D(G(z)))]
    loss_real = -jnp.mean(jnp.minimum(0.0, -1.0 + real))
    loss_fake = -jnp.mean(jnp.minimum(0.0, -1.0 + fake))
    return loss_real + loss_fake
