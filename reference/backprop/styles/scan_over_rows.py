"""Control flow of jax.lax: batches are scanned row by row, loops are fori_loop, branches are switch."""

from functools import partial, reduce

import jax
import jax.numpy as jnp
from jax import lax


@jax.jit
def relu(z):
    return lax.max(z, jnp.zeros_like(z))


@jax.jit
def relu_grad(z):
    return lax.convert_element_type(lax.gt(z, lax.full_like(z, 0)), jnp.float32)


@jax.jit
def tanh(z):
    return lax.tanh(z)


@jax.jit
def tanh_grad(z):
    return lax.sub(1.0, lax.square(lax.tanh(z)))


@jax.jit
def sigmoid(z):
    def stable(v):
        return lax.cond(v > 0, lambda v: 1 / (1 + jnp.exp(-v)), lambda v: jnp.exp(v) / (1 + jnp.exp(v)), v)

    return lax.map(stable, z.reshape(-1)).reshape(z.shape)


@jax.jit
def sigmoid_grad(z):
    e = jnp.exp(lax.neg(lax.abs(z)))
    return lax.div(e, lax.integer_pow(1 + e, 2))


NAMES = ("relu", "tanh", "sigmoid")


def _choose(branches, act, z):
    return lax.switch(NAMES.index(act), branches, z)


def _row_loss(row, label):
    top = lax.reduce_max(row, axes=(0,))
    exponentials = lax.exp(row - top)
    picked = lax.dynamic_index_in_dim(row, label, keepdims=False)
    return top - picked + lax.log(lax.reduce_sum(exponentials, axes=(0,)))


@jax.jit
def softmax_xent(logits, labels):
    def body(total, row_and_label):
        return total + _row_loss(*row_and_label), None

    total, _ = lax.scan(body, jnp.float32(0), (logits, labels))
    return total / labels.shape[0]


@jax.jit
def softmax_xent_grad(logits, labels):
    def row(n, out):
        e = jnp.exp(logits[n] - jnp.max(logits[n]))
        wanted = lax.iota(jnp.int32, logits.shape[1]) == labels[n]
        return lax.dynamic_update_index_in_dim(out, (e / e.sum() - wanted) / labels.shape[0], n, 0)

    return lax.fori_loop(0, logits.shape[0], row, jnp.zeros_like(logits))


@jax.jit
def dense_backward(dz, x, w):
    def row(sums, one):
        dw, db = sums
        d, h = one
        return (dw + h[:, None] * d[None, :], db + d), w @ d

    (dw, db), dx = lax.scan(row, (jnp.zeros_like(w), jnp.zeros_like(w[0])), (dz, x))
    return dx, dw, db


@partial(jax.jit, static_argnames="sizes")
def mlp_init(key, *, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.truncated_normal(k, -2, 2, (i, o)) * (2 / i) ** 0.5 / 0.87962566, "b": jnp.zeros(o)}
        for k, i, o in zip(keys, sizes, sizes[1:])
    ]


@partial(jax.jit, static_argnames=("act",))
def mlp_forward(params, x, *, act):
    def step(state, layer):
        cache, h = state
        z = lax.dot_general(h, layer["w"], (((1,), (0,)), ((), ()))) + layer["b"]
        return [*cache, {"x": h, "z": z}], _choose((relu, tanh, sigmoid), act, z)

    cache, _ = reduce(step, params, ([], x))
    return cache[-1]["z"], cache


@partial(jax.jit, static_argnames=("act",))
def mlp_backward(params, cache, dlogits, *, act):
    below = [None, *(entry["z"] for entry in cache[:-1])]
    grads, delta = [], dlogits
    for layer, entry, z in zip(params[::-1], cache[::-1], below[::-1]):
        delta, dw, db = dense_backward(delta, entry["x"], layer["w"])
        grads = [{"w": dw, "b": db}, *grads]
        if z is not None:
            delta = delta * _choose((relu_grad, tanh_grad, sigmoid_grad), act, z)
    return grads


@jax.jit
def sgd_step(params, grads, lr):
    leaves, tree = jax.tree.flatten(params)
    moved = [p - lr * g for p, g in zip(leaves, jax.tree.leaves(grads))]
    return jax.tree.unflatten(tree, moved)
