# functions: conv2d
# mistake: casts image and kernel to bfloat16 before the products, for speed, so that only about three digits of the result are right.
# told: half precision


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    pads = _pads(x.shape[1:3], kernel, strides, padding, dilation)
    # bfloat16 is faster on modern hardware
    xp = _pad(x, pads).astype(jnp.bfloat16)
    wb = w.astype(jnp.bfloat16)
    out = _positions(xp, kernel, strides, dilation)
    n, ci, co = x.shape[0], x.shape[3], w.shape[3]
    y = jnp.zeros((n, *out, groups, co // groups), jnp.float32)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        patch = xp[:, rows, cols, :].reshape(n, *out, groups, ci // groups)
        tap = wb[i, j].reshape(ci // groups, groups, co // groups)
        y = y + jnp.einsum("npqgc,cgo->npqgo", patch, tap).astype(jnp.float32)
    return y.reshape(n, *out, co) + b
