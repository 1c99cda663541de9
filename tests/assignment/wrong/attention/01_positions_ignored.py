# functions: positional_encoding
# mistake: encodes 0, 1, 2, ... up to the number of positions and ignores the values in positions, so that it is right only when positions count up from 0.
# told: ignores_the_positions


def positional_encoding(positions, *, dim):
    length = positions.shape[0]
    pos = jnp.arange(length, dtype=jnp.float32)[:, None]
    div = jnp.exp(jnp.arange(0, dim, 2) * (-jnp.log(10000.0) / dim))
    pe = jnp.zeros((length, dim), jnp.float32)
    pe = pe.at[:, 0::2].set(jnp.sin(pos * div))
    pe = pe.at[:, 1::2].set(jnp.cos(pos * div))
    return pe
