# functions: max_pool
# mistake: cuts the padded image into windows side by side with a reshape and never looks at the strides, so that numbers and size are wrong where the strides differ from the window and more than one window fits.
# told: steps_by_the_window


def max_pool(x, *, window, strides, padding):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = jnp.pad(x, ((0, 0), pads[0], pads[1], (0, 0)), constant_values=-jnp.inf)
    n, h, w, c = xp.shape
    kh, kw = window
    xp = xp[:, : h // kh * kh, : w // kw * kw, :]
    xp = xp.reshape(n, h // kh, kh, w // kw, kw, c)
    return xp.max(axis=(2, 4))
