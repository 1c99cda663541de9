# functions: train_step
# mistake: converts the two losses to Python numbers with float(), which needs concrete values, so that JAX raises ConcretizationTypeError while it traces.
# told: asks for the value of an array


def train_step(state, real, z_d, z_g):
    def loss_fn(d):
        loss = d_objective(d, state["g"], real, z_d)
        return loss + given.R1_WEIGHT * given.r1(d, real), loss

    grads, loss_d = jax.grad(loss_fn, has_aux=True)(state["d"])
    new_d, d_opt = given.adam(state["d"], grads, state["d_opt"])
    loss_g, grads = jax.value_and_grad(g_objective)(state["g"], new_d, z_g)
    new_g, g_opt = given.adam(state["g"], grads, state["g_opt"])
    new_state = {"d": new_d, "g": new_g, "d_opt": d_opt, "g_opt": g_opt}
    losses = {"d": float(loss_d), "g": float(loss_g)}
    return new_state, losses
