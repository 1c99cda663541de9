"""Backpropagation by hand

Write the body of every function below. The handout (README.md) has the formulas and the rules: everything is
float32, arguments are never changed in place, and JAX must not differentiate anything for you.

Check yourself as often as you like:

    autograder check submission.py --assignment backprop
"""

import jax
import jax.numpy as jnp

# --- activations ---


def relu(z):
    """Return max(z, 0) of every element.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape.
    """
    return jnp.maximum(z, 0)


def relu_grad(z):
    """Return the derivative of relu at the pre-activation z: 1.0 above zero, 0.0 below.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape (not booleans).
    """
    return z > 0


def tanh(z):
    """Return the hyperbolic tangent of every element, finite for |z| up to 1e4.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape.
    """
    return jnp.tanh(z)


def tanh_grad(z):
    """Return the derivative of tanh at the pre-activation z, finite for |z| up to 1e4.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape.
    """
    # derivative of tanh is 1 - tanh^2, and z is tanh already
    return 1 - z**2


def sigmoid(z):
    """Return 1 / (1 + exp(-z)) of every element, finite for |z| up to 1e4.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape.
    """
    return 1 / (1 + jnp.exp(-z))


def sigmoid_grad(z):
    """Return the derivative of sigmoid at the pre-activation z, finite for |z| up to 1e4.

    Args:
        z: float32 array of any shape.
    Returns:
        float32 array of the same shape.
    """
    raise NotImplementedError


# --- loss ---


def softmax_xent(logits, labels):
    """Return the mean cross-entropy between softmax(logits) and the right classes.

    Args:
        logits: (N, C) float32, up to 1e4 in size.
        labels: (N,) int32, the right class of each row.
    Returns:
        () float32.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    logp = shifted - jnp.log(jnp.exp(shifted).sum(axis=1, keepdims=True))
    return -jnp.take_along_axis(logp, labels[:, None], axis=1).mean()


def softmax_xent_grad(logits, labels):
    """Return the derivative of softmax_xent with respect to the logits.

    Args:
        logits: (N, C) float32, up to 1e4 in size.
        labels: (N,) int32, the right class of each row.
    Returns:
        (N, C) float32; the 1/N of the mean is included.
    """
    raise NotImplementedError


# --- network ---


def dense_backward(dz, x, w):
    """Send a gradient back through z = x @ w + b.

    Args:
        dz: (N, o) float32, the gradient of the loss for z.
        x: (N, i) float32, the input of the layer.
        w: (i, o) float32, its weights.
    Returns:
        dx (N, i), dw (i, o), db (o,), in this order.
    """
    dw = x.T @ dz
    db = dz.sum(axis=0)
    # TODO dx
    return dw, db


def mlp_init(key, *, sizes):
    """Draw the parameters of a network.

    Args:
        key: a key made by jax.random.key.
        sizes: tuple of Python ints: inputs, hidden widths, outputs.
    Returns:
        list of len(sizes) - 1 dicts {"w": (i, o), "b": (o,)}. The weights of a layer are normal with mean 0 and
        standard deviation sqrt(2 / i), independent between layers; biases are 0.
    """
    raise NotImplementedError


def mlp_forward(params, x, *, act):
    """Run the network. Every layer but the last is followed by the activation.

    Args:
        params: list of {"w": (i, o), "b": (o,)}.
        x: (N, D) float32.
        act: "relu", "tanh" or "sigmoid".
    Returns:
        logits (N, C) and the cache: a list with one dict {"x": (N, i), "z": (N, o)} per layer, holding the
        layer's input and its pre-activation.
    """
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        if act == "relu":
            x = relu(z)
        # TODO the others
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    """Return the gradient of the loss for every parameter.

    Args:
        params: list of {"w": (i, o), "b": (o,)}.
        cache: what mlp_forward returned.
        dlogits: (N, C) float32, the gradient of the loss for the logits.
        act: "relu", "tanh" or "sigmoid".
    Returns:
        list of {"w": (i, o), "b": (o,)}, in the order of params.
    """
    raise NotImplementedError


def sgd_step(params, grads, lr):
    """Take one step of gradient descent.

    Args:
        params: list of {"w": (i, o), "b": (o,)}.
        grads: the same structure.
        lr: () float32, an array like the others.
    Returns:
        the new parameters, same structure.
    """
    return jax.tree.map(lambda p, g: p - lr * g, params, grads)


if __name__ == "__main__":
    # Runs when you start this file yourself; the grader never does.
    params = mlp_init(jax.random.key(0), sizes=(2, 16, 3))
    x = jax.random.normal(jax.random.key(1), (32, 2))
    labels = jnp.argmax(x @ jnp.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]), axis=1)
    for step in range(200):
        logits, cache = mlp_forward(params, x, act="tanh")
        if step % 40 == 0:
            print(f"step {step}: loss {softmax_xent(logits, labels):.4f}")
        grads = mlp_backward(params, cache, softmax_xent_grad(logits, labels), act="tanh")
        params = sgd_step(params, grads, 0.5)
