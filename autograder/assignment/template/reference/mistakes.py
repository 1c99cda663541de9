"""Known mistakes: each names exactly the checks that it fails; its docstring is the student's hint."""

import jax.numpy as jnp

from autograder.checks import mistake


@mistake("unit", fails=["unit_values", "unit_large"], topic="vector norm")
def divides_by_the_sum(x):
    """You divide by the sum of the entries; the length is the square root of the sum of their squares."""
    return x / jnp.abs(x).sum()


@mistake("unit", fails=["unit_large"], topic="overflow")
def squares_overflow(x):
    """The squares of large entries overflow float32: divide by the largest entry first."""
    return x / jnp.sqrt((x**2).sum())
