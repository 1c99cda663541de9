# functions: conv2d_backward
# mistake: cuts the border off with dx[:, top:-bottom, left:-right] and treats only VALID separately; wherever bottom or right is 0 with SAME or given padding, -0 is 0 and dx comes out empty.
# told: got float32(2, 6, 0, 3)


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    (top, bottom), (left, right) = pads = _pads(x.shape[1:3], kernel, strides, padding, dilation)
    xp = _pad(x, pads)
    n, out = x.shape[0], dy.shape[1:3]
    cg, og = w.shape[2], w.shape[3] // groups
    dyg = dy.reshape(n, *out, groups, og)
    dx = jnp.zeros_like(xp)
    dw = jnp.zeros_like(w)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        xg = xp[:, rows, cols, :].reshape(n, *out, groups, cg)
        wg = w[i, j].reshape(cg, groups, og)
        dw = dw.at[i, j].set(jnp.einsum("npqgc,npqgo->cgo", xg, dyg).reshape(cg, groups * og))
        dx = dx.at[:, rows, cols, :].add(jnp.einsum("npqgo,cgo->npqgc", dyg, wg).reshape(n, *out, groups * cg))
    db = dy.sum(axis=(0, 1, 2))
    if padding == "VALID":
        return dx, dw, db
    return dx[:, top:-bottom, left:-right, :], dw, db
