# functions: g_objective
# mistake: stops the gradient at the critic's output and not at its parameters, so that the gradient for the generator is zero too and the generator never learns.
# told: stops_the_logit_for_the_generator


def g_objective(g, d, z):
    samples = given.generator(g, z)
    logits = jax.lax.stop_gradient(given.critic(d, samples))
    return g_loss_nonsaturating(logits)
