# functions: d_loss
# mistake: puts real and fake logits into one batch and takes a single mean over all N + M of them, so that the loss is about half as large and weighs the larger batch more.
# told: one_mean_over_both_batches


def d_loss(real, fake):
    logits = jnp.concatenate([real, fake], axis=0)
    labels = jnp.concatenate([jnp.ones_like(real), jnp.zeros_like(fake)], axis=0)
    # binary cross-entropy with logits
    bce = jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return jnp.mean(bce)
