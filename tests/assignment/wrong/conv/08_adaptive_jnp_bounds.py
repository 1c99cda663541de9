# functions: adaptive_avg_pool
# mistake: computes the bounds of the windows with jnp.floor and jnp.ceil, which give traced arrays under jit, and uses them as slice bounds, so that JAX raises an error about slice indices that are not static while it traces.
# told: the bounds of a slice depend on an array


def adaptive_avg_pool(x, *, out):
    n, h, w, c = x.shape
    p, q = out
    rows = []
    for i in range(p):
        top = jnp.floor(i * h / p).astype(jnp.int32)
        bottom = jnp.ceil((i + 1) * h / p).astype(jnp.int32)
        row = []
        for j in range(q):
            left = jnp.floor(j * w / q).astype(jnp.int32)
            right = jnp.ceil((j + 1) * w / q).astype(jnp.int32)
            row.append(x[:, top:bottom, left:right, :].mean(axis=(1, 2)))
        rows.append(jnp.stack(row, axis=1))
    return jnp.stack(rows, axis=1)
