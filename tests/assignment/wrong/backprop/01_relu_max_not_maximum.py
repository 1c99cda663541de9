# functions: relu
# mistake: uses jnp.max(z, 0), which reduces axis 0 to its largest entry, in place of the elementwise jnp.maximum(z, 0): an axis disappears and negative numbers survive, and a single number without axes raises an error.
# told: expected float32(6, 5), got float32(5)


def relu(z):
    """Return max(z, 0) of every element."""
    return jnp.max(z, 0)
