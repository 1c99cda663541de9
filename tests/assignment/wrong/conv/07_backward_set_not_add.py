# functions: conv2d_backward
# mistake: writes each tap's share of dx with .at[...].set and not .add, so that a pixel under several taps keeps only the share of the last tap; dw and db are right.
# told: last_tap_overwrites


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    pads = _pads(x.shape[1:3], kernel, strides, padding, dilation)
    xp = _pad(x, pads)
    n, h, wd, ci = x.shape
    out, co = dy.shape[1:3], w.shape[3]
    cg, og = ci // groups, co // groups
    dxp = jnp.zeros(xp.shape, jnp.float32)
    dw = jnp.zeros(w.shape, jnp.float32)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        for g in range(groups):
            cin, cout = slice(g * cg, (g + 1) * cg), slice(g * og, (g + 1) * og)
            patch = xp[:, rows, cols, cin]
            dyg = dy[..., cout]
            dw = dw.at[i, j, :, cout].set(jnp.tensordot(patch, dyg, axes=((0, 1, 2), (0, 1, 2))))
            dxp = dxp.at[:, rows, cols, cin].set(dyg @ w[i, j, :, cout].T)
    top, left = pads[0][0], pads[1][0]
    return dxp[:, top : top + h, left : left + wd], dw, dy.sum((0, 1, 2))
