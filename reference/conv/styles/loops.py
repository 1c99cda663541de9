# The way it is on the blackboard: for every output pixel, look at its window.
import jax.numpy as jnp


def sizes_and_pads(n, k, s, d, padding):
    k_eff = k + (k - 1) * (d - 1)
    if padding == "VALID":
        before, after = 0, 0
    elif padding == "SAME":
        out = (n + s - 1) // s
        total = (out - 1) * s + k_eff - n
        if total < 0:
            total = 0
        before = total // 2
        after = total - before
    else:
        before, after = padding
    return (n + before + after - k_eff) // s + 1, before, after


def output_size(*, size, kernel, stride, padding, dilation):
    return jnp.array(sizes_and_pads(size, kernel, stride, dilation, padding)[0])


def prepare(x, kernel, strides, dilation, padding, fill):
    if padding in ("SAME", "VALID"):
        padding = (padding, padding)
    H, top, bottom = sizes_and_pads(x.shape[1], kernel[0], strides[0], dilation[0], padding[0])
    W, left, right = sizes_and_pads(x.shape[2], kernel[1], strides[1], dilation[1], padding[1])
    xp = jnp.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)], constant_values=fill)
    return xp, H, W, top, left


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, cg, co = w.shape
    xp, H, W, _, _ = prepare(x, (kh, kw), strides, dilation, padding, 0)
    og = co // groups
    rows = []
    for p in range(H):
        row = []
        for q in range(W):
            i, j = p * strides[0], q * strides[1]
            win = xp[
                :, i : i + dilation[0] * (kh - 1) + 1 : dilation[0], j : j + dilation[1] * (kw - 1) + 1 : dilation[1]
            ]
            pixel = []
            for g in range(groups):
                pixel.append(jnp.tensordot(win[..., g * cg : (g + 1) * cg], w[..., g * og : (g + 1) * og], 3))
            row.append(jnp.concatenate(pixel, -1) + b)
        rows.append(jnp.stack(row, 1))
    return jnp.stack(rows, 1)


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, cg, co = w.shape
    xp, H, W, top, left = prepare(x, (kh, kw), strides, dilation, padding, 0)
    og = co // groups
    dxp = jnp.zeros_like(xp)
    dw = jnp.zeros_like(w)
    db = jnp.zeros(co)
    for p in range(H):
        for q in range(W):
            i, j = p * strides[0], q * strides[1]
            at = (
                slice(None),
                slice(i, i + dilation[0] * (kh - 1) + 1, dilation[0]),
                slice(j, j + dilation[1] * (kw - 1) + 1, dilation[1]),
            )
            db = db + dy[:, p, q].sum(0)
            for g in range(groups):
                ins, outs = slice(g * cg, (g + 1) * cg), slice(g * og, (g + 1) * og)
                err = dy[:, p, q, outs]
                dw = dw.at[..., outs].add(jnp.tensordot(xp[at][..., ins], err, ([0], [0])))
                dxp = dxp.at[at + (ins,)].add(jnp.tensordot(err, w[..., outs], ([1], [3])))
    return dxp[:, top : top + x.shape[1], left : left + x.shape[2]], dw, db


def max_pool(x, *, window, strides, padding):
    xp, H, W, _, _ = prepare(x, window, strides, (1, 1), padding, -jnp.inf)
    y = jnp.zeros((x.shape[0], H, W, x.shape[3]))
    for p in range(H):
        for q in range(W):
            i, j = p * strides[0], q * strides[1]
            y = y.at[:, p, q].set(jnp.max(xp[:, i : i + window[0], j : j + window[1]], axis=(1, 2)))
    return y


def max_pool_backward(dy, x, *, window, strides, padding):
    xp, H, W, top, left = prepare(x, window, strides, (1, 1), padding, -jnp.inf)
    dxp = jnp.zeros_like(xp)
    for p in range(H):
        for q in range(W):
            i, j = p * strides[0], q * strides[1]
            win = xp[:, i : i + window[0], j : j + window[1]]
            biggest = jnp.max(win, axis=(1, 2))
            taken = jnp.zeros(biggest.shape, dtype=bool)
            for a in range(window[0]):
                for c in range(window[1]):
                    here = (win[:, a, c] == biggest) & ~taken
                    dxp = dxp.at[:, i + a, j + c].add(jnp.where(here, dy[:, p, q], 0.0))
                    taken = taken | here
    return dxp[:, top : top + x.shape[1], left : left + x.shape[2]]


def avg_pool(x, *, window, strides, padding, count_include_pad):
    xp, H, W, top, left = prepare(x, window, strides, (1, 1), padding, 0)
    rows = []
    for p in range(H):
        row = []
        for q in range(W):
            i, j = p * strides[0], q * strides[1]
            total = xp[:, i : i + window[0], j : j + window[1]].sum(axis=(1, 2))
            high = min(i + window[0], top + x.shape[1]) - max(i, top)
            wide = min(j + window[1], left + x.shape[2]) - max(j, left)
            row.append(total / (window[0] * window[1] if count_include_pad else high * wide))
        rows.append(jnp.stack(row, axis=1))
    return jnp.stack(rows, axis=1)


def global_avg_pool(x):
    return jnp.sum(x, axis=(1, 2)) / (x.shape[1] * x.shape[2])


def adaptive_avg_pool(x, *, out):
    (P, Q), (H, W) = out, x.shape[1:3]
    y = jnp.zeros((x.shape[0], P, Q, x.shape[3]))
    for i in range(P):
        for j in range(Q):
            a, b = (i * H) // P, ((i + 1) * H + P - 1) // P
            c, d = (j * W) // Q, ((j + 1) * W + Q - 1) // Q
            y = y.at[:, i, j, :].set(jnp.mean(x[:, a:b, c:d, :], axis=(1, 2)))
    return y


def cnn_forward(params, x):
    h = conv2d(x, params["conv1"]["w"], params["conv1"]["b"])
    h = jnp.where(h > 0, h, 0.0)
    h = max_pool(h, window=(2, 2), strides=(2, 2), padding="VALID")
    h = conv2d(h, params["conv2"]["w"], params["conv2"]["b"])
    h = jnp.where(h > 0, h, 0.0)
    h = max_pool(h, window=(2, 2), strides=(2, 2), padding="VALID")
    h = jnp.reshape(h, (h.shape[0], h.shape[1] * h.shape[2] * h.shape[3]))
    return h @ params["dense"]["w"] + params["dense"]["b"]
