# functions: mlp_backward
# mistake: multiplies dlogits by the derivative of the activation at the last layer too, although no activation follows that layer, so that all gradients are wrong, also those of a single layer.
# told: derivative_at_the_output_layer


def mlp_backward(params, cache, dlogits, *, act):
    grad_fn = {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}[act]
    grads = []
    da = dlogits
    for layer, saved in zip(reversed(params), reversed(cache)):
        dz = da * grad_fn(saved["z"])
        grads.insert(0, {"w": saved["x"].T @ dz, "b": dz.sum(axis=0)})
        da = dz @ layer["w"].T
    return grads
