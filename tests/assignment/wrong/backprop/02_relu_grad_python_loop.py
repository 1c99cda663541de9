# functions: relu_grad
# mistake: asks with a Python conditional expression whether each traced element is above zero, so that JAX raises TracerBoolConversionError (a bool() of a tracer) while it traces.
# told: tests the values of an array


def relu_grad(z):
    """Return 1.0 above zero, 0.0 below."""
    slopes = [1.0 if v > 0 else 0.0 for v in z.reshape(-1)]
    return jnp.array(slopes, dtype=jnp.float32).reshape(z.shape)
