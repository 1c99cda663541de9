# functions: max_pool_backward
# mistake: compares with >= while it searches for the maximum of a window, so that of several equally large numbers the last one, row by row, receives the gradient and not the first.
# told: last_maximum_wins


def max_pool_backward(dy, x, *, window, strides, padding):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = _pad(x, pads, -jnp.inf)
    taps = list(_taps(window, strides, (1, 1), dy.shape[1:3]))
    best = jnp.full(dy.shape, -jnp.inf)
    where = jnp.zeros(dy.shape, jnp.int32)
    for t, (_, _, rows, cols) in enumerate(taps):
        patch = xp[:, rows, cols, :]
        better = patch >= best
        best = jnp.where(better, patch, best)
        where = jnp.where(better, t, where)
    dxp = jnp.zeros_like(xp)
    for t, (_, _, rows, cols) in enumerate(taps):
        dxp = dxp.at[:, rows, cols, :].add(jnp.where(where == t, dy, 0.0))
    top, left = pads[0][0], pads[1][0]
    return dxp[:, top : top + x.shape[1], left : left + x.shape[2], :]
