# functions: positional_encoding
# mistake: applies math.sin and math.cos to traced positions, which need a Python float, so that JAX raises ConcretizationTypeError while it traces.
# told: asks for the value of an array
import math


def positional_encoding(positions, *, dim):
    rows = []
    for t in range(positions.shape[0]):
        row = []
        for k in range(dim // 2):
            angle = positions[t] / 10000 ** (2 * k / dim)
            row.append(math.sin(angle))
            row.append(math.cos(angle))
        rows.append(row)
    return jnp.array(rows, dtype=jnp.float32)
