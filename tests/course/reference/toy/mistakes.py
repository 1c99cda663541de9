"""Known mistakes of the toy assignment."""

import jax
import jax.numpy as jnp

from autograder.checks import mistake


@mistake("standardize", fails=["standardize_values", "standardize_gradients"], topic="standardisation")
def divides_by_n_minus_one(x, *, axis):
    """You divide by n - 1; standardising divides by n. Drop ddof."""
    return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True, ddof=1)


@mistake("momentum", fails=["momentum_path"], topic="momentum")
def averages_the_gradient(state, grad):
    """You mix the gradient in with weight 1 - 0.9; classical momentum adds it whole."""
    v = 0.9 * state["v"] + 0.1 * grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


@mistake("dropout", fails=["dropout_keeps_mean"], topic="dropout")
def forgets_to_scale(key, x, *, rate):
    """The kept entries are not scaled up: divide them by 1 - rate."""
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x, 0.0)
