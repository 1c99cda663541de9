# functions: mlp_forward
# mistake: the cache is a mutable default argument, which Python creates once, so that from the second call on the cache still starts with the entries of all earlier calls (too many layers, or leaked tracers of an earlier trace, which raise an error); the first call and the logits are right.
# told: kept from an earlier call


def mlp_forward(params, x, *, act, cache=[]):
    activation = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}[act]
    h = x
    for i, layer in enumerate(params):
        z = h @ layer["w"] + layer["b"]
        cache.append({"x": h, "z": z})
        h = activation(z) if i + 1 < len(params) else z
    return h, cache
