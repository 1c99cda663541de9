"""Wrong functions that were right at every size and option that the checks of ``backprop`` used to print.

Each entry is source text that redefines one function at the end of ``reference/backprop/solution.py``, and the checks
that must fail in every draw set.
"""

from __future__ import annotations

MUTANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "relu_row_by_row": (
        """
def relu(z):
    return jnp.stack([jnp.maximum(row, 0) for row in z])
""",
        ("relu_values",),
    ),
    "relu_grad_for_two_axes": (
        """
def relu_grad(z):
    return jax.vmap(jax.vmap(lambda one: jnp.where(one > 0, 1.0, 0.0)))(z)
""",
        ("relu_grad_slopes",),
    ),
    "tanh_flattens_all_but_the_first_axis": (
        """
def tanh(z):
    return jnp.tanh(z.reshape(z.shape[0], -1))
""",
        ("tanh_values",),
    ),
    "sigmoid_needs_a_matrix": (
        """
def sigmoid(z):
    rows, columns = z.shape
    small = jnp.exp(-jnp.abs(z))
    return jnp.where(z >= 0, jnp.ones((rows, columns)), small) / (1 + small)
""",
        ("sigmoid_values",),
    ),
    "loss_of_the_first_twelve_rows": (
        """
def softmax_xent(logits, labels):
    return -log_softmax(logits)[jnp.arange(12), labels].mean()
""",
        ("softmax_xent_values",),
    ),
    "loss_sums_four_classes": (
        """
def softmax_xent(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    total = sum(jnp.exp(shifted[:, c]) for c in range(min(4, logits.shape[1])))
    return (jnp.log(total) - jnp.take_along_axis(shifted, labels[:, None], axis=1)[:, 0]).mean()
""",
        ("softmax_xent_values",),
    ),
    "labels_of_at_most_four_classes": (
        """
def softmax_xent_grad(logits, labels):
    onehot = (jnp.minimum(labels, 3)[:, None] == jnp.arange(logits.shape[1])).astype(logits.dtype)
    return (jnp.exp(log_softmax(logits)) - onehot) / logits.shape[0]
""",
        ("softmax_xent_grad_values",),
    ),
    "two_classes_as_a_sigmoid": (
        """
def softmax_xent_grad(logits, labels):
    n, classes = logits.shape
    if classes == 2:  # the sign of the difference is wrong
        off = sigmoid(logits[:, 0] - logits[:, 1]) - labels
        return jnp.stack([-off, off], axis=1) / n
    return (jnp.exp(log_softmax(logits)) - (labels[:, None] == jnp.arange(classes))) / n
""",
        ("softmax_xent_grad_values",),
    ),
    "loss_of_more_classes_than_rows": (
        """
def softmax_xent(logits, labels):
    if 1 < logits.shape[0] < logits.shape[1]:
        logits = logits[:, : logits.shape[0]]
    return -jnp.take_along_axis(log_softmax(logits), labels[:, None], axis=1, mode="clip").mean()
""",
        ("softmax_xent_values",),
    ),
    "single_input_loses_its_axis": (
        """
def dense_backward(dz, x, w):
    return (dz @ w[0] if w.shape[0] == 1 else dz @ w.T), x.T @ dz, dz.sum(axis=0)
""",
        ("dense_backward_narrow",),
    ),
    "uniform_weights_after_the_first_layer": (
        """
def mlp_init(key, *, sizes):
    params = []
    for n, (i, o) in enumerate(zip(sizes[:-1], sizes[1:])):
        key, subkey = jax.random.split(key)
        w = jax.random.normal(subkey, (i, o)) if n == 0 else 3**0.5 * jax.random.uniform(subkey, (i, o), minval=-1)
        params.append({"w": w * (2 / i) ** 0.5, "b": jnp.zeros(o)})
    return params
""",
        ("mlp_init_weights",),
    ),
    "one_key_for_all_layers_but_the_first": (
        """
def mlp_init(key, *, sizes):
    first, others = jax.random.split(key)
    return [
        {"w": jax.random.normal(others if n else first, (i, o)) * (2 / i) ** 0.5, "b": jnp.zeros(o)}
        for n, (i, o) in enumerate(zip(sizes[:-1], sizes[1:]))
    ]
""",
        ("mlp_init_keys",),
    ),
    "biases_of_three_layers": (
        """
def mlp_init(key, *, sizes):
    params = []
    for n, (i, o) in enumerate(zip(sizes[:-1], sizes[1:])):
        key, subkey = jax.random.split(key)
        w = jax.random.normal(subkey, (i, o)) * (2 / i) ** 0.5
        params.append({"w": w, "b": jnp.zeros(o) if n < 3 else 0.01 * w[0]})
    return params
""",
        ("mlp_init_biases",),
    ),
    "forward_of_at_most_three_layers": (
        """
def mlp_forward(params, x, *, act):
    cache = []
    for layer in params[:2] + params[-1:] if len(params) > 2 else params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = ACTIVATION[act](z)
    return z, cache
""",
        ("mlp_forward_values",),
    ),
    "forward_with_a_sigmoid_that_overflows": (
        """
def mlp_forward(params, x, *, act):
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = jnp.exp(z) / (1 + jnp.exp(z)) if act == "sigmoid" else ACTIVATION[act](z)
    return z, cache
""",
        ("mlp_forward_wide",),
    ),
    "forward_detaches_the_sigmoid": (
        """
def mlp_forward(params, x, *, act):
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = jax.lax.stop_gradient(sigmoid(z)) if act == "sigmoid" else ACTIVATION[act](z)
    return z, cache
""",
        ("mlp_forward_gradient",),
    ),
    "backward_takes_one_hidden_layer_for_relu": (
        """
def mlp_backward(params, cache, dlogits, *, act):
    grads, dz = [], dlogits
    slope = relu_grad if len(params) == 2 else DERIVATIVE[act]
    for n in reversed(range(len(params))):
        dx, dw, db = dense_backward(dz, cache[n]["x"], params[n]["w"])
        grads.insert(0, {"w": dw, "b": db})
        dz = dx * slope(cache[n - 1]["z"]) if n else dz
    return grads
""",
        ("mlp_backward_wide",),
    ),
    "backward_of_at_most_three_layers": (
        """
def mlp_backward(params, cache, dlogits, *, act):
    grads, dz = [], dlogits
    for n in reversed(range(len(params))):
        dx, dw, db = dense_backward(dz, cache[n]["x"], params[n]["w"])
        grads.insert(0, {"w": dw, "b": db})
        if n > 0:
            dz = dx * DERIVATIVE[act](cache[n - 1]["z"]) if len(grads) < 3 else dx
    return grads
""",
        ("mlp_backward_values",),
    ),
    "update_clips_the_gradients": (
        """
def sgd_step(params, grads, lr):
    return jax.tree.map(lambda p, g: p - lr * jnp.clip(g, -5, 5), params, grads)
""",
        ("sgd_step_values",),
    ),
    "update_of_three_layers": (
        """
def sgd_step(params, grads, lr):
    moved = jax.tree.map(lambda p, g: p - lr * g, params[:3], grads[:3])
    return moved + params[3:]
""",
        ("sgd_step_values",),
    ),
}
