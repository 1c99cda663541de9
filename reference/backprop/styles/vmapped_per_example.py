"""Everything is written for one example; jax.vmap makes batches of it."""

import jax
import jax.numpy as jnp
from jax import jit, vmap

LEAST = -jnp.inf


def _relu(z):
    return jax.lax.select(z > 0, z, jnp.zeros_like(z))


def _relu_grad(z):
    return jnp.heaviside(z, 0.0)


def _sigmoid(z):
    return jnp.exp(-jnp.logaddexp(0.0, -z))


def _sigmoid_grad(z):
    return _sigmoid(z) * _sigmoid(-z)


def _tanh_grad(z):
    return 1.0 / jnp.cosh(z) ** 2


# one number -> an array of any shape
relu, relu_grad = jnp.vectorize(_relu), jnp.vectorize(_relu_grad)
tanh, tanh_grad = jnp.vectorize(jnp.tanh), jnp.vectorize(_tanh_grad)
sigmoid, sigmoid_grad = jnp.vectorize(_sigmoid), jnp.vectorize(_sigmoid_grad)

_acts = {"relu": (_relu, _relu_grad), "tanh": (jnp.tanh, _tanh_grad), "sigmoid": (_sigmoid, _sigmoid_grad)}


def _log_normaliser(row):
    top = jax.lax.stop_gradient(jnp.max(row, initial=LEAST))
    return top + jnp.log(jnp.exp(row - top).sum())


def softmax_xent(logits, labels):
    return vmap(lambda row, y: _log_normaliser(row) - row[y])(logits, labels).mean()


@jit
def softmax_xent_grad(logits, labels):
    def one(row, y):
        e = jnp.exp(row - row.max())
        return e / e.sum() - jax.nn.one_hot(y, row.size)

    return vmap(one)(logits, labels) / len(labels)


def dense_backward(dz, x, w):
    dx = vmap(lambda d: w @ d)(dz)
    dw = vmap(jnp.outer)(x, dz)
    return dx, dw.sum(0), dz.sum(0)


def mlp_init(key, *, sizes):
    pairs = list(zip(sizes, sizes[1:]))
    return [
        {"w": jax.random.normal(jax.random.fold_in(key, n), pair) * jnp.sqrt(2 / pair[0]), "b": jnp.zeros(pair[1])}
        for n, pair in enumerate(pairs)
    ]


def mlp_forward(params, x, *, act):
    f = _acts[act][0]

    def one(h):
        cache = []
        for layer in params[:-1]:
            z = h @ layer["w"] + layer["b"]
            cache.append({"x": h, "z": z})
            h = f(z)
        z = h @ params[-1]["w"] + params[-1]["b"]
        return z, [*cache, {"x": h, "z": z}]

    return vmap(one)(x)


def mlp_backward(params, cache, dlogits, *, act):
    df = vmap(_acts[act][1])

    def one(rows, delta):
        grads = []
        for n in range(len(params) - 1, -1, -1):
            grads.append({"w": jnp.outer(rows[n]["x"], delta), "b": delta})
            if n:
                delta = (params[n]["w"] @ delta) * df(rows[n - 1]["z"])
        return grads[::-1]

    per_example = vmap(one)(cache, dlogits)
    return jax.tree.map(lambda g: g.sum(axis=0), per_example)


def sgd_step(params, grads, lr):
    return jax.tree_util.tree_map(lambda p, g: jnp.subtract(p, lr * g), params, grads)
