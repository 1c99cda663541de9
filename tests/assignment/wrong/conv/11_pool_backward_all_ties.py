# functions: max_pool_backward
# mistake: sends the whole dy of a window to every pixel that equals the window's maximum and not to the first one only, so that gradient is made out of nothing where several numbers are equally large.
# told: all_maxima_receive_everything


def max_pool_backward(dy, x, *, window, strides, padding):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = _pad(x, pads, -jnp.inf)
    y = max_pool(x, window=window, strides=strides, padding=padding)
    dxp = jnp.zeros_like(xp)
    for _, _, rows, cols in _taps(window, strides, (1, 1), dy.shape[1:3]):
        is_max = xp[:, rows, cols, :] == y
        dxp = dxp.at[:, rows, cols, :].add(is_max * dy)
    top, left = pads[0][0], pads[1][0]
    return dxp[:, top : top + x.shape[1], left : left + x.shape[2], :]
