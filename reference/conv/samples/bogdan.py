"""Bogdan. Works for the examples of the lecture; padding as I know it from PyTorch. Groups and ties: out of time."""
import jax.numpy as jnp


def same(k, d):
    return d * (k - 1) // 2  # so that the size stays the same


def output_size(*, size, kernel, stride, padding, dilation):
    if padding == "SAME":
        padding = (same(kernel, dilation), same(kernel, dilation))
    if padding == "VALID":
        padding = (0, 0)
    return (size + padding[0] + padding[1] - dilation * (kernel - 1) - 1) // stride + 1


def pads(kernel, dilation, padding):
    if padding == "SAME":
        return [(same(k, d), same(k, d)) for k, d in zip(kernel, dilation)]
    if padding == "VALID":
        return [(0, 0), (0, 0)]
    return list(padding)


def tap(xp, i, j, H, W, strides, dilation):
    top, left = i * dilation[0], j * dilation[1]
    return xp[:, top : top + strides[0] * (H - 1) + 1 : strides[0], left : left + strides[1] * (W - 1) + 1 : strides[1]]


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    if groups != 1:
        raise NotImplementedError("groups")
    p = pads(w.shape[:2], dilation, padding)
    xp = jnp.pad(x, [(0, 0), p[0], p[1], (0, 0)])
    H = (xp.shape[1] - dilation[0] * (w.shape[0] - 1) - 1) // strides[0] + 1
    W = (xp.shape[2] - dilation[1] * (w.shape[1] - 1) - 1) // strides[1] + 1
    y = b
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            y = y + jnp.einsum("nhwc,co->nhwo", tap(xp, i, j, H, W, strides, dilation), w[i, j])
    return y


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    if groups != 1:
        raise NotImplementedError("groups")
    p = pads(w.shape[:2], dilation, padding)
    xp = jnp.pad(x, [(0, 0), p[0], p[1], (0, 0)])
    N, H, W, _ = dy.shape
    dxp = jnp.zeros_like(xp)
    dw = jnp.zeros_like(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            dw = dw.at[i, j].set(jnp.einsum("nhwc,nhwo->co", tap(xp, i, j, H, W, strides, dilation), dy))
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + strides[0] * (H - 1) + 1, strides[0])
            cols = slice(left, left + strides[1] * (W - 1) + 1, strides[1])
            dxp = dxp.at[:, rows, cols].add(jnp.einsum("nhwo,co->nhwc", dy, w[i, j]))
    dx = dxp[:, p[0][0] : p[0][0] + x.shape[1], p[1][0] : p[1][0] + x.shape[2]]
    return dx, dw, dy.sum((0, 1, 2))


def max_pool(x, *, window, strides, padding):
    p = pads(window, (1, 1), padding)
    xp = jnp.pad(x, [(0, 0), p[0], p[1], (0, 0)], constant_values=-jnp.inf)
    H = (xp.shape[1] - window[0]) // strides[0] + 1
    W = (xp.shape[2] - window[1]) // strides[1] + 1
    taps = [tap(xp, i, j, H, W, strides, (1, 1)) for i in range(window[0]) for j in range(window[1])]
    return jnp.max(jnp.stack(taps), axis=0)


def max_pool_backward(dy, x, *, window, strides, padding):
    H, W = dy.shape[1:3]
    y = max_pool(x, window=window, strides=strides, padding=padding)
    dx = jnp.zeros_like(x)
    for i in range(window[0]):
        for j in range(window[1]):
            rows = slice(i, i + strides[0] * (H - 1) + 1, strides[0])
            cols = slice(j, j + strides[1] * (W - 1) + 1, strides[1])
            dx = dx.at[:, rows, cols].add(jnp.where(x[:, rows, cols] == y, dy, 0))
    return dx


def avg_pool(x, *, window, strides, padding, count_include_pad):
    p = pads(window, (1, 1), padding)
    xp = jnp.pad(x, [(0, 0), p[0], p[1], (0, 0)])
    H = (xp.shape[1] - window[0]) // strides[0] + 1
    W = (xp.shape[2] - window[1]) // strides[1] + 1
    total = sum(tap(xp, i, j, H, W, strides, (1, 1)) for i in range(window[0]) for j in range(window[1]))
    return total / (window[0] * window[1])


def global_avg_pool(x):
    return jnp.mean(x, axis=(1, 2))


def adaptive_avg_pool(x, *, out):
    kh, kw = x.shape[1] // out[0], x.shape[2] // out[1]
    return avg_pool(x, window=(kh, kw), strides=(kh, kw), padding="VALID", count_include_pad=True)


def cnn_forward(params, x):
    for layer in (params["conv1"], params["conv2"]):
        x = jnp.maximum(conv2d(x, layer["w"], layer["b"]), 0)
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    return x.reshape(x.shape[0], -1) @ params["dense"]["w"] + params["dense"]["b"]
