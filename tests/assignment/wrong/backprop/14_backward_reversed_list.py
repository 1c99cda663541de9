# functions: mlp_backward
# mistake: appends the gradients while it walks from the last layer to the first and never turns the list round, so that the gradients come in the reverse order of params.
# told: gradients_from_last_to_first


def mlp_backward(params, cache, dlogits, *, act):
    grad_fn = {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}[act]
    grads = []
    dz = dlogits
    for l in range(len(params) - 1, -1, -1):
        x = cache[l]["x"]
        grads.append({"w": x.T @ dz, "b": jnp.sum(dz, axis=0)})
        if l > 0:
            dz = (dz @ params[l]["w"].T) * grad_fn(cache[l - 1]["z"])
    return grads
