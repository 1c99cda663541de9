"""Convolution and pooling: a complete submission."""

import jax
import jax.numpy as jnp

# --- sizes ---


def output_size(*, size, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    if padding == "SAME":
        return -(-size // stride)
    before, after = (0, 0) if padding == "VALID" else padding
    return (size + before + after - span) // stride + 1


def _pads(shape, kernel, strides, padding, dilation):
    """Pixels to add: ((top, bottom), (left, right))."""
    if padding == "VALID":
        return (0, 0), (0, 0)
    if padding != "SAME":
        return tuple(padding[0]), tuple(padding[1])
    pads = []
    for n, k, s, d in zip(shape, kernel, strides, dilation):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)


def _pad(x, pads, value=0.0):
    return jnp.pad(x, ((0, 0), pads[0], pads[1], (0, 0)), constant_values=value)


def _positions(padded, kernel, strides, dilation):
    """Rows and columns of the output, for an image that is already padded."""
    return tuple(
        (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(padded.shape[1:3], kernel, strides, dilation)
    )


def _taps(kernel, strides, dilation, out):
    """For every tap (i, j): the slices of the padded image that lie under it."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            r, c = i * dilation[0], j * dilation[1]
            rows = slice(r, r + (out[0] - 1) * strides[0] + 1, strides[0])
            cols = slice(c, c + (out[1] - 1) * strides[1] + 1, strides[1])
            yield i, j, rows, cols


# --- convolution ---


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    xp = _pad(x, _pads(x.shape[1:3], kernel, strides, padding, dilation))
    out = _positions(xp, kernel, strides, dilation)
    n, ci, co = x.shape[0], x.shape[3], w.shape[3]
    y = jnp.zeros((n, *out, groups, co // groups), jnp.float32)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        patch = xp[:, rows, cols, :].reshape(n, *out, groups, ci // groups)
        tap = w[i, j].reshape(ci // groups, groups, co // groups)
        y = y + jnp.einsum("npqgc,cgo->npqgo", patch, tap)
    return y.reshape(n, *out, co) + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kernel = w.shape[:2]
    pads = _pads(x.shape[1:3], kernel, strides, padding, dilation)
    xp = _pad(x, pads)
    n, h, wd, ci = x.shape
    out, co = dy.shape[1:3], w.shape[3]
    g = dy.reshape(n, *out, groups, co // groups)
    dxp = jnp.zeros_like(xp)
    dw = jnp.zeros_like(w)
    for i, j, rows, cols in _taps(kernel, strides, dilation, out):
        patch = xp[:, rows, cols, :].reshape(n, *out, groups, ci // groups)
        tap = w[i, j].reshape(ci // groups, groups, co // groups)
        dw = dw.at[i, j].set(jnp.einsum("npqgc,npqgo->cgo", patch, g).reshape(ci // groups, co))
        share = jnp.einsum("npqgo,cgo->npqgc", g, tap).reshape(n, *out, ci)
        dxp = dxp.at[:, rows, cols, :].add(share)
    (top, _), (left, _) = pads
    return dxp[:, top : top + h, left : left + wd, :], dw, jnp.sum(dy, axis=(0, 1, 2))


# --- pooling ---


def max_pool(x, *, window, strides, padding):
    xp = _pad(x, _pads(x.shape[1:3], window, strides, padding, (1, 1)), -jnp.inf)
    out = _positions(xp, window, strides, (1, 1))
    best = None
    for _, _, rows, cols in _taps(window, strides, (1, 1), out):
        patch = xp[:, rows, cols, :]
        best = patch if best is None else jnp.maximum(best, patch)
    return best


def max_pool_backward(dy, x, *, window, strides, padding):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp = _pad(x, pads, -jnp.inf)
    out = dy.shape[1:3]
    patches = jnp.stack([xp[:, rows, cols, :] for _, _, rows, cols in _taps(window, strides, (1, 1), out)])
    winner = jnp.argmax(patches, axis=0)
    dxp = jnp.zeros_like(xp)
    for number, (_, _, rows, cols) in enumerate(_taps(window, strides, (1, 1), out)):
        dxp = dxp.at[:, rows, cols, :].add(jnp.where(winner == number, dy, 0.0))
    (top, _), (left, _) = pads
    return dxp[:, top : top + x.shape[1], left : left + x.shape[2], :]


def avg_pool(x, *, window, strides, padding, count_include_pad):
    pads = _pads(x.shape[1:3], window, strides, padding, (1, 1))
    xp, real = _pad(x, pads), _pad(jnp.ones_like(x), pads)
    out = _positions(xp, window, strides, (1, 1))
    total, count = 0.0, 0.0
    for _, _, rows, cols in _taps(window, strides, (1, 1), out):
        total = total + xp[:, rows, cols, :]
        count = count + real[:, rows, cols, :]
    if count_include_pad:
        return total / (window[0] * window[1])
    return total / count


def global_avg_pool(x):
    return jnp.mean(x, axis=(1, 2))


def adaptive_avg_pool(x, *, out):
    h, w = x.shape[1:3]
    p, q = out
    rows = []
    for i in range(p):
        r0, r1 = i * h // p, -(-(i + 1) * h // p)
        row = []
        for j in range(q):
            c0, c1 = j * w // q, -(-(j + 1) * w // q)
            row.append(jnp.mean(x[:, r0:r1, c0:c1, :], axis=(1, 2)))
        rows.append(jnp.stack(row, axis=1))
    return jnp.stack(rows, axis=1)


# --- network ---


def cnn_forward(params, x):
    for name in ("conv1", "conv2"):
        x = jax.nn.relu(conv2d(x, params[name]["w"], params[name]["b"], strides=(1, 1), padding="SAME"))
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    x = x.reshape(x.shape[0], -1)
    return x @ params["dense"]["w"] + params["dense"]["b"]
