"""One window of one image with dynamic_slice; vmap does the rest."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax


def output_size(*, size, kernel, stride, padding, dilation):
    lo, hi = amounts(size, kernel, stride, dilation, padding)
    return (size + lo + hi - dilation * (kernel - 1) - 1) // stride + 1


def amounts(n, k, s, d, padding):
    match padding:
        case "VALID":
            return 0, 0
        case "SAME":
            need = max(((n + s - 1) // s - 1) * s + (k - 1) * d + 1 - n, 0)
            return need // 2, need - need // 2
        case (lo, hi):
            return lo, hi


def layout(shape, kernel, strides, dilation, padding):
    per_axis = padding if isinstance(padding, tuple) else (padding, padding)
    pads = [amounts(n, k, s, d, p) for n, k, s, d, p in zip(shape, kernel, strides, dilation, per_axis)]
    out = [
        output_size(size=n, kernel=k, stride=s, padding=p, dilation=d)
        for n, k, s, d, p in zip(shape, kernel, strides, dilation, pads)
    ]
    return pads, out


def patches(image, kernel, strides, dilation, padding, fill=0.0):
    """(H, W, C) -> (P, Q, kh, kw, C)"""
    pads, (rows, cols) = layout(image.shape[:2], kernel, strides, dilation, padding)
    image = lax.pad(image, jnp.asarray(fill, image.dtype), [(*pads[0], 0), (*pads[1], 0), (0, 0, 0)])
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))

    def one(p, q):
        block = lax.dynamic_slice(image, (p * strides[0], q * strides[1], 0), (*reach, image.shape[2]))
        return block[:: dilation[0], :: dilation[1]]

    return jax.vmap(lambda p: jax.vmap(lambda q: one(p, q))(jnp.arange(cols)))(jnp.arange(rows))


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, _, co = w.shape
    filters = w.reshape(kh, kw, w.shape[2], groups, co // groups)

    def pixel(patch):  # (kh, kw, Ci) -> (Co,)
        blocks = patch.reshape(kh, kw, groups, -1)
        by_group = jax.vmap(lambda a, f: jnp.tensordot(a, f, axes=3), in_axes=(2, 3))
        return by_group(blocks, filters).reshape(co) + b

    def single(image):
        return jax.vmap(jax.vmap(pixel))(patches(image, (kh, kw), strides, dilation, padding))

    return jax.vmap(single)(x)


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, cg, co = w.shape
    (vertical, horizontal), _ = layout(x.shape[1:3], (kh, kw), strides, dilation, padding)

    def single(g, image):
        # dw: every patch against every entry of dy
        seen = patches(image, (kh, kw), strides, dilation, padding)
        seen = seen.reshape(*seen.shape[:4], groups, cg)
        g = g.reshape(*g.shape[:2], groups, co // groups)
        dw = jnp.einsum("pqijgc,pqgo->ijcgo", seen, g).reshape(w.shape)
        # dx: spread dy out by the strides, add a border, correlate with the flipped kernel
        turned = w[::-1, ::-1].reshape(kh, kw, cg, groups, co // groups)
        (h, wd), (eh, ew) = image.shape[:2], (dilation[0] * (kh - 1), dilation[1] * (kw - 1))
        tall, wide = (g.shape[0] - 1) * strides[0] + 1, (g.shape[1] - 1) * strides[1] + 1
        top, left = eh - vertical[0], ew - horizontal[0]
        config = [
            (top, h + eh - tall - top, strides[0] - 1),
            (left, wd + ew - wide - left, strides[1] - 1),
            (0, 0, 0),
            (0, 0, 0),
        ]
        spread = lax.pad(g, jnp.float32(0), config)
        around = patches(spread.reshape(*spread.shape[:2], co), (kh, kw), (1, 1), dilation, "VALID")
        around = around.reshape(*around.shape[:4], groups, co // groups)
        return jnp.einsum("pqijgo,ijcgo->pqgc", around, turned).reshape(image.shape), dw

    dx, dw = jax.vmap(single)(dy, x)
    return dx, dw.sum(0), dy.sum((0, 1, 2))


def max_pool(x, *, window, strides, padding):
    def single(image):
        return jnp.max(patches(image, window, strides, (1, 1), padding, -jnp.inf), axis=(2, 3))

    return jax.vmap(single)(x)


def max_pool_backward(dy, x, *, window, strides, padding):
    pads, _ = layout(x.shape[1:3], window, strides, (1, 1), padding)

    def channel(g, plane):  # (P, Q), (H, W)
        wins = patches(plane[:, :, None], window, strides, (1, 1), padding, -jnp.inf)
        best = jnp.argmax(wins.reshape(*g.shape, -1), axis=-1)
        row = jnp.arange(g.shape[0])[:, None] * strides[0] + best // window[1] - pads[0][0]
        col = jnp.arange(g.shape[1])[None, :] * strides[1] + best % window[1] - pads[1][0]
        return jnp.zeros_like(plane).at[row, col].add(g)

    return jax.vmap(jax.vmap(channel, in_axes=-1, out_axes=-1))(dy, x)


def avg_pool(x, *, window, strides, padding, count_include_pad):
    def total(image):
        return patches(image, window, strides, (1, 1), padding).sum(axis=(2, 3))

    count = window[0] * window[1] if count_include_pad else total(jnp.ones(x.shape[1:]))
    return jax.vmap(total)(x) / count


def global_avg_pool(x):
    return jax.vmap(lambda image: image.mean((0, 1)))(x)


def adaptive_avg_pool(x, *, out):
    def along(v, n, o):  # average the leading axis into o windows
        cells = [v[i * n // o : -(-(i + 1) * n // o)].mean(0) for i in range(o)]
        return jnp.stack(cells)

    def single(image):
        rows = along(image, image.shape[0], out[0])
        return along(rows.swapaxes(0, 1), image.shape[1], out[1]).swapaxes(0, 1)

    return jax.vmap(single)(x)


@jax.jit
def cnn_forward(params, x):
    def block(h, layer):
        h = lax.max(conv2d(h, layer["w"], layer["b"]), 0.0)
        return max_pool(h, window=(2, 2), strides=(2, 2), padding="VALID")

    h = block(block(x, params["conv1"]), params["conv2"])
    return h.reshape(h.shape[0], -1) @ params["dense"]["w"] + params["dense"]["b"]
