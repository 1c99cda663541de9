# functions: train_step
# mistake: reports as losses["d"] the value that was differentiated, R1 term included, in place of d_objective alone; the new state and losses["g"] are right.
# told: reports_the_loss_with_the_penalty


def train_step(state, real, z_d, z_g):
    def critic_loss(d):
        return d_objective(d, state["g"], real, z_d) + given.R1_WEIGHT * given.r1(d, real)

    loss_d, grads_d = jax.value_and_grad(critic_loss)(state["d"])
    d, d_opt = given.adam(state["d"], grads_d, state["d_opt"])

    loss_g, grads_g = jax.value_and_grad(g_objective)(state["g"], d, z_g)
    g, g_opt = given.adam(state["g"], grads_g, state["g_opt"])

    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": loss_d, "g": loss_g}
