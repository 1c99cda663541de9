"""A solution as a student would write it; it must earn every point."""

import jax.numpy as jnp


def unit(x):
    largest = jnp.abs(x).max()
    scaled = x / largest
    return scaled / jnp.sqrt((scaled**2).sum())
