# functions: max_pool
# mistake: hands -jnp.inf to jnp.pad as its third positional argument, which is the mode and not the value, so that every call raises NotImplementedError about an unknown padding mode.
# told: Unimplemented padding mode '-inf'


def max_pool(x, *, window, strides, padding):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = jnp.pad(x, ((0, 0), pads[0], pads[1], (0, 0)), -jnp.inf)
    out = _positions(xp, window, strides, (1, 1))
    patches = [xp[:, rows, cols, :] for _, _, rows, cols in _taps(window, strides, (1, 1), out)]
    return jnp.max(jnp.stack(patches), axis=0)
