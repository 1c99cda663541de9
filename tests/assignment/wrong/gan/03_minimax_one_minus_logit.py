# functions: g_loss_minimax
# mistake: writes log(1 - sigmoid(f)) as log_sigmoid(1 - f), moving the 1 - into the logit, where it should be log_sigmoid(-f), so that all logits are shifted by 1.
# told: one_minus_the_logit


def g_loss_minimax(fake):
    """mean of log(1 - sigmoid(fake))"""
    return jnp.mean(jax.nn.log_sigmoid(1.0 - fake))
