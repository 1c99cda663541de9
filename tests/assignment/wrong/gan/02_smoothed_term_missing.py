# functions: d_loss_smoothed
# mistake: only scales the cost of the real logits by 1 - smooth and leaves out the second part of the cross-entropy, smooth * sp(r), so that it is right for smooth = 0 only.
# told: scales_the_real_part


def d_loss_smoothed(real, fake, smooth):
    t = 1.0 - smooth
    loss_real = -t * jnp.mean(jax.nn.log_sigmoid(real))
    loss_fake = -jnp.mean(jax.nn.log_sigmoid(-fake))
    return loss_real + loss_fake
