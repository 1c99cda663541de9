"""im2col: gather all patches with index arrays, then everything is one matrix product."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np


@lru_cache(maxsize=None)
def axis_plan(n, k, s, d, pad):
    # which padded pixel does tap i of output position p look at -> (positions, taps) integer table
    reach = d * (k - 1) + 1
    if pad == "SAME":
        out = int(np.ceil(n / s))
        total = max((out - 1) * s + reach - n, 0)
        lo, hi = total // 2, total - total // 2
    elif pad == "VALID":
        lo = hi = 0
    else:
        lo, hi = pad
    out = (n + lo + hi - reach) // s + 1
    return np.arange(out)[:, None] * s + np.arange(k)[None, :] * d, lo, hi


def output_size(*, size, kernel, stride, padding, dilation):
    table, _, _ = axis_plan(size, kernel, stride, dilation, padding)
    return table.shape[0]


def axis_plans(x, window, strides, dilation, padding):
    pads = (padding, padding) if isinstance(padding, str) else padding
    return [axis_plan(x.shape[1 + a], window[a], strides[a], dilation[a], pads[a]) for a in (0, 1)]


def im2col(x, window, strides, dilation, padding, fill=0.0):
    (ti, t, b), (tj, l, r) = axis_plans(x, window, strides, dilation, padding)
    xp = jnp.pad(x, ((0, 0), (t, b), (l, r), (0, 0)), constant_values=fill)
    rows = ti[:, None, :, None]
    cols = tj[None, :, None, :]
    return xp[:, rows, cols, :]  # (N, P, Q, kh, kw, C)


def col2im(dcols, x, window, strides, dilation, padding):
    (ti, t, b), (tj, l, r) = axis_plans(x, window, strides, dilation, padding)
    n, h, w, c = x.shape
    dxp = jnp.zeros((n, h + t + b, w + l + r, c), x.dtype)
    dxp = dxp.at[:, ti[:, None, :, None], tj[None, :, None, :], :].add(dcols)
    return dxp[:, t : t + h, l : l + w, :]


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, ci, co = w.shape
    cols = im2col(x, (kh, kw), strides, dilation, padding)
    n, p, q = cols.shape[:3]
    outs = []
    for g in range(groups):
        part = cols[..., g * ci : (g + 1) * ci].reshape(n * p * q, kh * kw * ci)
        kernel = w[..., g * co // groups : (g + 1) * co // groups].reshape(kh * kw * ci, co // groups)
        outs.append(part @ kernel)
    return jnp.concatenate(outs, axis=1).reshape(n, p, q, co) + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, ci, co = w.shape
    cols = im2col(x, (kh, kw), strides, dilation, padding)
    n, p, q = cols.shape[:3]
    dcols, dws = [], []
    for g in range(groups):
        part = cols[..., g * ci : (g + 1) * ci].reshape(n * p * q, kh * kw * ci)
        own = slice(g * co // groups, (g + 1) * co // groups)
        kernel = w[..., own].reshape(kh * kw * ci, co // groups)
        grad = dy[..., own].reshape(n * p * q, co // groups)
        dws.append((part.T @ grad).reshape(kh, kw, ci, co // groups))
        dcols.append((grad @ kernel.T).reshape(n, p, q, kh, kw, ci))
    dx = col2im(jnp.concatenate(dcols, axis=-1), x, (kh, kw), strides, dilation, padding)
    return dx, jnp.concatenate(dws, axis=-1), dy.reshape(-1, co).sum(axis=0)


def flat_windows(x, window, strides, padding, fill):
    cols = im2col(x, window, strides, (1, 1), padding, fill)
    n, p, q, kh, kw, c = cols.shape
    return cols.reshape(n, p, q, kh * kw, c)


def max_pool(x, *, window, strides, padding):
    return flat_windows(x, window, strides, padding, -jnp.inf).max(axis=3)


def max_pool_backward(dy, x, *, window, strides, padding):
    wins = flat_windows(x, window, strides, padding, -jnp.inf)
    chosen = jax.nn.one_hot(wins.argmax(axis=3), window[0] * window[1], axis=3, dtype=dy.dtype)
    dcols = (chosen * dy[:, :, :, None, :]).reshape(*dy.shape[:3], *window, dy.shape[3])
    return col2im(dcols, x, window, strides, (1, 1), padding)


def avg_pool(x, *, window, strides, padding, count_include_pad):
    total = flat_windows(x, window, strides, padding, 0.0).sum(axis=3)
    if count_include_pad:
        return total / (window[0] * window[1])
    return total / flat_windows(jnp.ones_like(x), window, strides, padding, 0.0).sum(axis=3)


def global_avg_pool(x):
    return x.reshape(x.shape[0], -1, x.shape[3]).mean(axis=1)


def adaptive_avg_pool(x, *, out):
    def mask(n, o):
        i, pixel = np.arange(o)[:, None], np.arange(n)[None, :]
        m = (pixel >= i * n // o) & (pixel < -(-(i + 1) * n // o))
        return jnp.asarray(m / m.sum(axis=1, keepdims=True), jnp.float32)

    return jnp.einsum("ph,qw,nhwc->npqc", mask(x.shape[1], out[0]), mask(x.shape[2], out[1]), x)


def cnn_forward(params, x):
    for layer in (params["conv1"], params["conv2"]):
        x = jax.nn.relu(conv2d(x, layer["w"], layer["b"]))
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    x = x.reshape(x.shape[0], -1)
    return jnp.dot(x, params["dense"]["w"]) + params["dense"]["b"]
