# functions: softmax_xent
# mistake: subtracts the largest logit of the whole batch and not each row's own; a row whose logits lie about 100 or more below that maximum underflows to a sum of 0, its logarithm is -inf and the loss is infinite.
# told: loss_shifts_by_the_global_maximum


def softmax_xent(logits, labels):
    n = logits.shape[0]
    shifted = logits - jnp.max(logits)  # for stability
    log_z = jnp.log(jnp.sum(jnp.exp(shifted), axis=1))
    return jnp.mean(log_z - shifted[jnp.arange(n), labels])
