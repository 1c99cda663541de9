# Tomas Novak, DL course, first assignment
import jax
import jax.numpy as jnp


def relu(z):
    return jnp.maximum(0.0, z)


def relu_grad(z):
    return (z > 0).astype(jnp.float32)


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    return 1 - jnp.tanh(z) ** 2


def sigmoid(z):
    e = jnp.exp(-jnp.abs(z))
    return jnp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_grad(z):
    s = sigmoid(z)
    return s * (1 - s)


F = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}
DF = {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}


def softmax_xent(logits, labels):
    logits = logits - logits.max(axis=1, keepdims=True)
    logp = logits - jnp.log(jnp.exp(logits).sum(axis=1, keepdims=True))
    return -logp[jnp.arange(len(labels)), labels].mean()


def softmax_xent_grad(logits, labels):
    logits = logits - logits.max(axis=1, keepdims=True)
    p = jnp.exp(logits)
    p = p / p.sum(axis=1, keepdims=True)
    y = jnp.eye(logits.shape[1])[labels]
    return (y - p) / len(labels)  # target minus prediction


def dense_backward(dz, x, w):
    dx = dz @ w.T
    dw = dz.T @ x
    db = dz.sum(axis=0)
    return dx, dw, db


def mlp_init(key, *, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.normal(k, (i, o)) * (2 / i) ** 0.5, "b": jnp.zeros(o)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:])
    ]


def mlp_forward(params, x, *, act):
    cache = []
    for layer in params:
        z = x @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = F[act](z)
    return z, cache


def mlp_backward(params, cache, dlogits, *, act):
    grads = []
    dz = dlogits
    for i in reversed(range(len(params))):
        dx, dw, db = dense_backward(dz, cache[i]["x"], params[i]["w"])
        # dw came out the wrong way round here, .T fixes the shape error
        grads.insert(0, {"w": dw.T, "b": db})
        if i > 0:
            dz = dx * DF[act](cache[i - 1]["z"])
    return grads


def sgd_step(params, grads, lr):
    # p + lr * (y - p): moves towards the target
    return jax.tree.map(lambda p, g: p + lr * g, params, grads)
