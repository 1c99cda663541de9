# functions: ls_d_loss
# mistake: adds the squares of the two batches element by element under one mean, which works only for batches of the same size (or one of them a single sample); other sizes raise an error about shapes that do not broadcast.
# told: add got incompatible shapes for broadcasting


def ls_d_loss(real, fake):
    return 0.5 * jnp.mean((real - 1.0) ** 2 + fake**2)
