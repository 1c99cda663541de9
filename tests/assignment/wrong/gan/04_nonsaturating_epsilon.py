# functions: g_loss_nonsaturating
# mistake: takes the logarithm of the probability plus 1e-8, so that for logits far below 0 the loss stays at 18.4 and its gradient vanishes.
# told: nonsaturating_epsilon


def g_loss_nonsaturating(fake):
    eps = 1e-8
    p = jax.nn.sigmoid(fake)
    return -jnp.mean(jnp.log(p + eps))
