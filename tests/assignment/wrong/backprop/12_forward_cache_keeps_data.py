# functions: mlp_forward
# mistake: stores the network's input x as the input of every layer in the cache and not the activation that the layer receives, so that cache[l]["x"] is wrong from the second layer on; logits and pre-activations are right.
# told: wrong shape at [1][1]['x']


def mlp_forward(params, x, *, act):
    if act == "relu":
        f = relu
    elif act == "tanh":
        f = tanh
    else:
        f = sigmoid
    cache = []
    a = x
    for layer in params[:-1]:
        z = a @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        a = f(z)
    logits = a @ params[-1]["w"] + params[-1]["b"]
    cache.append({"x": x, "z": logits})
    return logits, cache
