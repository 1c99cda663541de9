"""An independent solution: one shifted, strided slice of the padded image for every position of the kernel."""

import math

import jax.numpy as jnp


def output_size(*, size, kernel, stride, padding, dilation):
    if padding == "SAME":
        return -(-size // stride)
    low, high = (0, 0) if padding == "VALID" else padding
    return (size + low + high - (dilation * (kernel - 1) + 1)) // stride + 1


def pads_of(sizes, window, strides, dilation, padding):
    """Zeros to put before and after height and width: ((top, bottom), (left, right))."""
    if padding == "VALID":
        return (0, 0), (0, 0)
    if padding != "SAME":
        return padding
    pads = []
    for n, k, s, d in zip(sizes, window, strides, dilation):
        total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)


def grid(x, window, strides, dilation, padding, value=0.0):
    """The padded image and, for every position (i, j) of the window, the two slices that select its pixels."""
    pads = pads_of(x.shape[1:3], window, strides, dilation, padding)
    padded = jnp.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)
    rows, columns = (
        [slice(i * d, i * d + (n - d * (k - 1) - 1) // s * s + 1, s) for i in range(k)]
        for n, k, s, d in zip(padded.shape[1:3], window, strides, dilation)
    )
    return padded, pads, {(i, j): (r, c) for i, r in enumerate(rows) for j, c in enumerate(columns)}


def split_channels(a, groups):
    return a.reshape(*a.shape[:-1], groups, a.shape[-1] // groups)


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    padded, _, places = grid(x, w.shape[:2], strides, dilation, padding)
    if groups == 1:  # one product for all positions and taps; XLA is slower with an axis for the groups
        patches = jnp.concatenate([padded[:, r, c] for r, c in places.values()], axis=-1)
        return patches @ w.reshape(-1, w.shape[-1]) + b
    padded, w = split_channels(padded, groups), split_channels(w, groups)
    y = sum(jnp.einsum("nhwgc,cgo->nhwgo", padded[:, r, c], w[i, j]) for (i, j), (r, c) in places.items())
    return y.reshape(*y.shape[:3], -1) + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    padded, ((top, _), (left, _)), places = grid(x, w.shape[:2], strides, dilation, padding)
    padded, w, dy = (split_channels(a, groups) for a in (padded, w, dy))
    dpadded, dw = jnp.zeros_like(padded), jnp.zeros_like(w)
    for (i, j), (r, c) in places.items():
        dpadded = dpadded.at[:, r, c].add(jnp.einsum("nhwgo,cgo->nhwgc", dy, w[i, j]))
        dw = dw.at[i, j].set(jnp.einsum("nhwgc,nhwgo->cgo", padded[:, r, c], dy))
    dx = dpadded[:, top : top + x.shape[1], left : left + x.shape[2]].reshape(x.shape)
    return dx, dw.reshape(*dw.shape[:3], -1), dy.sum(axis=(0, 1, 2)).reshape(-1)


def max_pool(x, *, window, strides, padding):
    padded, _, places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    return jnp.stack([padded[:, r, c] for r, c in places.values()]).max(axis=0)


def max_pool_backward(dy, x, *, window, strides, padding):
    padded, ((top, _), (left, _)), places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    winner = jnp.argmax(jnp.stack([padded[:, r, c] for r, c in places.values()]), axis=0)  # the first of equals
    dpadded = jnp.zeros_like(padded)
    for number, (r, c) in enumerate(places.values()):
        dpadded = dpadded.at[:, r, c].add(jnp.where(winner == number, dy, 0))
    return dpadded[:, top : top + x.shape[1], left : left + x.shape[2]]


def window_sum(x, window, strides, padding):
    padded, _, places = grid(x, window, strides, (1, 1), padding)
    return sum(padded[:, r, c] for r, c in places.values())


def avg_pool(x, *, window, strides, padding, count_include_pad):
    if count_include_pad:
        return window_sum(x, window, strides, padding) / (window[0] * window[1])
    return window_sum(x, window, strides, padding) / window_sum(jnp.ones_like(x), window, strides, padding)


def global_avg_pool(x):
    return x.mean(axis=(1, 2))


def adaptive_avg_pool(x, *, out):
    height, width = x.shape[1:3]
    rows = [(i * height // out[0], -(-(i + 1) * height // out[0])) for i in range(out[0])]
    columns = [(j * width // out[1], -(-(j + 1) * width // out[1])) for j in range(out[1])]
    return jnp.stack(
        [jnp.stack([x[:, a:b, c:d].mean(axis=(1, 2)) for c, d in columns], axis=1) for a, b in rows], axis=1
    )


def cnn_forward(params, x):
    for name in ("conv1", "conv2"):
        x = jnp.maximum(conv2d(x, params[name]["w"], params[name]["b"]), 0)
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    return x.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]
