"""The activations and their derivatives, in a module of their own."""

import jax.numpy as jnp


def relu(z):
    return jnp.maximum(z, 0.0)


def relu_grad(z):
    return jnp.where(z > 0, 1.0, 0.0)


def tanh(z):
    return jnp.tanh(z)


def tanh_grad(z):
    return 1.0 - jnp.square(jnp.tanh(z))


def sigmoid(z):
    return jnp.where(z > 0, 1.0, jnp.exp(-jnp.abs(z))) / (1.0 + jnp.exp(-jnp.abs(z)))


def sigmoid_grad(z):
    return sigmoid(z) * (1.0 - sigmoid(z))


table = {"relu": (relu, relu_grad), "tanh": (tanh, tanh_grad), "sigmoid": (sigmoid, sigmoid_grad)}
