# functions: layer_norm
# mistake: adds 1e-5, PyTorch's default, to the variance and not 1e-6, which shows where the numbers of a row are nearly equal.
# told: another_epsilon


def layer_norm(params, x, eps=1e-5):
    mu = x.mean(axis=-1, keepdims=True)
    var = jnp.var(x, axis=-1, keepdims=True)
    return (x - mu) / jnp.sqrt(var + eps) * params["scale"] + params["bias"]
