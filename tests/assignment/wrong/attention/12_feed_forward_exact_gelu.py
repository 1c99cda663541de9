# functions: feed_forward
# mistake: asks for the exact gelu with the error function (approximate=False, PyTorch's default) and not for the tanh form, so that each activation is off by up to about 5e-4.
# told: gelu_with_the_error_function


def feed_forward(params, x):
    h = x @ params["w1"] + params["b1"]
    h = jax.nn.gelu(h, approximate=False)
    return h @ params["w2"] + params["b2"]
