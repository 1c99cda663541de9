# functions: avg_pool
# mistake: count_include_pad is read the wrong way round: True divides by the number of real pixels and False by the size of the window, so that windows that reach into the padding are wrong for both values.
# told: count_include_pad_inverted


def avg_pool(x, *, window, strides, padding, count_include_pad):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = _pad(x, pads)
    valid = _pad(jnp.ones((1,) + x.shape[1:3] + (1,)), pads)
    out = _positions(xp, window, strides, (1, 1))
    total = jnp.zeros((x.shape[0], *out, x.shape[3]))
    count = jnp.zeros((1, *out, 1))
    for _, _, rows, cols in _taps(window, strides, (1, 1), out):
        total += xp[:, rows, cols, :]
        count += valid[:, rows, cols, :]
    return total / count if count_include_pad else total / (window[0] * window[1])
