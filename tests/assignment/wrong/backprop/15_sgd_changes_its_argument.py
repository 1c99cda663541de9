# functions: sgd_step
# mistake: writes the new arrays into the caller's dicts and returns the caller's list, so that the old parameters are destroyed; the returned numbers are right.
# told: that it was given, which the caller still needs


def sgd_step(params, grads, lr):
    for layer, grad in zip(params, grads):
        for name in ("w", "b"):
            layer[name] = layer[name] - lr * grad[name]
    return params
