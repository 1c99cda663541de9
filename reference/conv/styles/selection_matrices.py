"""Convolution is bilinear: 0/1 matrices say which pixel each tap of each position sees, einsum does the rest.

The gradients are the same einsum with other letters on the right of the arrow.
"""

import jax.numpy as jnp
from jax import Array


def output_size(*, size: int, kernel: int, stride: int, padding, dilation: int) -> Array:
    return jnp.int32(selection(size, kernel, stride, dilation, padding).shape[0])


def selection(n, k, s, d, padding) -> Array:
    """S[p, i, h] = 1 where tap i of position p lies on pixel h; a tap on the padding has no pixel."""
    span = d * (k - 1) + 1
    if padding == "SAME":
        count = (n - 1) // s + 1
        first = -(max((count - 1) * s + span - n, 0) // 2)
    else:
        lo, hi = (0, 0) if padding == "VALID" else padding
        count, first = (n + lo + hi - span) // s + 1, -lo
    sees = first + s * jnp.arange(count)[:, None] + d * jnp.arange(k)
    return (sees[:, :, None] == jnp.arange(n)).astype(jnp.float32)


def both(x, kernel, strides, dilation, padding):
    pads = (padding,) * 2 if isinstance(padding, str) else padding
    return tuple(selection(*a) for a in zip(x.shape[1:3], kernel, strides, dilation, pads))


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    down, across = both(x, w.shape[:2], strides, dilation, padding)
    xs = jnp.stack(jnp.split(x, groups, axis=-1))
    ws = jnp.stack(jnp.split(w, groups, axis=-1))
    patches = jnp.einsum("pih,qjw,gnhwc->gnpqijc", down, across, xs)
    y = jnp.einsum("gnpqijc,gijco->npqgo", patches, ws)
    return y.reshape(y.shape[:3] + b.shape) + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    down, across = both(x, w.shape[:2], strides, dilation, padding)
    xs, ws, dys = (jnp.stack(jnp.split(a, groups, axis=-1)) for a in (x, w, dy))
    dxs = jnp.einsum("pih,qjw,gijco,gnpqo->nhwgc", down, across, ws, dys)
    dws = jnp.einsum("pih,qjw,gnhwc,gnpqo->ijcgo", down, across, xs, dys)
    return dxs.reshape(x.shape), dws.reshape(w.shape), jnp.einsum("npqo->o", dy)


def windows(x, window, strides, padding):
    """The pixels of every window (N, P, Q, C, kh * kw), -inf on the padding, and who sees whom."""
    down, across = both(x, window, strides, (1, 1), padding)
    who = jnp.einsum("pih,qjw->pqijhw", down, across).reshape(down.shape[0], across.shape[0], -1, *x.shape[1:3])
    seen = jnp.einsum("pqkhw,nhwc->npqck", who, x)
    return jnp.where(who.any(axis=(3, 4))[:, :, None, :], seen, -jnp.inf), who


def max_pool(x, *, window, strides, padding):
    return jnp.max(windows(x, window, strides, padding)[0], axis=-1)


def max_pool_backward(dy, x, *, window, strides, padding):
    seen, who = windows(x, window, strides, padding)
    hit = seen == seen.max(axis=-1, keepdims=True)
    first = hit & (jnp.cumsum(hit, axis=-1) == 1)
    return jnp.einsum("npqck,pqkhw,npqc->nhwc", first.astype(dy.dtype), who, dy)


def avg_pool(x, *, window, strides, padding, count_include_pad):
    down, across = (s.sum(axis=1) for s in both(x, window, strides, (1, 1), padding))
    if count_include_pad:
        down, across = down / window[0], across / window[1]
    else:
        down, across = (a / a.sum(axis=1, keepdims=True) for a in (down, across))
    return jnp.einsum("ph,nhwc,qw->npqc", down, x, across)


def global_avg_pool(x):
    return jnp.einsum("nhwc->nc", x) / (x.shape[1] * x.shape[2])


def adaptive_avg_pool(x, *, out):
    def weights(n, o):
        starts = jnp.array([i * n // o for i in range(o)])[:, None]
        ends = jnp.array([((i + 1) * n - 1) // o + 1 for i in range(o)])[:, None]
        inside = (jnp.arange(n) >= starts) & (jnp.arange(n) < ends)
        return inside / (ends - starts)

    return jnp.einsum("ph,nhwc,qw->npqc", weights(x.shape[1], out[0]), x, weights(x.shape[2], out[1]))


def cnn_forward(params, x):
    half = dict(window=(2, 2), strides=(2, 2), padding="VALID")
    for name in "conv1", "conv2":
        x = max_pool(jnp.clip(conv2d(x, **params[name]), 0), **half)
    return jnp.einsum("nhwc,hwck->nk", x, params["dense"]["w"].reshape(*x.shape[1:], -1)) + params["dense"]["b"]
