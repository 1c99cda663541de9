# functions: conv2d
# mistake: adds the bias inside the loop over the taps, so that it is counted kh * kw times and not once; only 1 x 1 kernels and zero biases are right.
# told: bias_for_every_tap


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    xp = _pad(x, _pads(x.shape[1:3], kernel, strides, padding, dilation))
    out = _positions(xp, kernel, strides, dilation)
    cg, og = w.shape[2], w.shape[3] // groups
    y = jnp.zeros((x.shape[0], *out, w.shape[3]), jnp.float32)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        patch = xp[:, rows, cols, :]
        parts = [patch[..., g * cg : (g + 1) * cg] @ w[i, j, :, g * og : (g + 1) * og] for g in range(groups)]
        y = y + jnp.concatenate(parts, axis=-1) + b
    return y
