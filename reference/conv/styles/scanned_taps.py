"""Taps in a lax.scan / fori_loop, channels first inside, integral images for the means."""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import lax


@dataclass(frozen=True)
class Axis:
    n: int
    k: int
    s: int
    d: int
    low: int
    high: int

    @property
    def out(self):
        return (self.n + self.low + self.high - self.d * (self.k - 1) - 1) // self.s + 1

    @classmethod
    def make(cls, n, k, s, d, padding):
        if padding == "VALID":
            padding = (0, 0)
        if padding == "SAME":
            total = max(-(-n // s) * s - s + d * (k - 1) + 1 - n, 0)
            padding = (total >> 1, total - (total >> 1))
        return cls(n, k, s, d, *padding)


def output_size(*, size, kernel, stride, padding, dilation):
    return Axis.make(size, kernel, stride, dilation, padding).out


def axes_of(x, kernel, strides, dilation, padding):
    pads = [padding] * 2 if isinstance(padding, str) else padding
    return [Axis.make(*a) for a in zip(x.shape[1:3], kernel, strides, dilation, pads)]


def padded(x, v, h, fill):
    return jnp.pad(x, ((0, 0), (v.low, v.high), (h.low, h.high), (0, 0)), constant_values=fill)


def tap(xp, v, h, number):
    """The pixels under tap `number` (a traced integer) at every position."""
    i, j = number // h.k, number % h.k
    size = (xp.shape[0], (v.out - 1) * v.s + 1, (h.out - 1) * h.s + 1, xp.shape[3])
    block = lax.dynamic_slice(xp, (0, i * v.d, j * h.d, 0), size)
    return lax.slice(block, (0, 0, 0, 0), block.shape, (1, v.s, h.s, 1))


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    v, h = axes_of(x, w.shape[:2], strides, dilation, padding)
    xp = padded(x, v, h, 0.0)
    kernels = w.reshape(v.k * h.k, w.shape[2], groups, -1)

    def step(total, kernel_number):
        kernel, number = kernel_number
        seen = tap(xp, v, h, number)
        seen = seen.reshape(*seen.shape[:3], groups, -1)
        return total + jnp.einsum("npqgc,cgo->npqgo", seen, kernel).reshape(total.shape), None

    start = jnp.broadcast_to(b, (x.shape[0], v.out, h.out, w.shape[3]))
    return lax.scan(step, start, (kernels, jnp.arange(v.k * h.k)))[0]


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    v, h = axes_of(x, w.shape[:2], strides, dilation, padding)
    xp = padded(x, v, h, 0.0)
    kernels = w.reshape(v.k * h.k, w.shape[2], groups, -1)
    dys = dy.reshape(*dy.shape[:3], groups, -1)

    def step(dxp, kernel_number):
        kernel, number = kernel_number
        seen = tap(xp, v, h, number)
        seen = seen.reshape(*seen.shape[:3], groups, -1)
        dkernel = jnp.einsum("npqgc,npqgo->cgo", seen, dys)
        share = jnp.einsum("npqgo,cgo->npqgc", dys, kernel).reshape(*dy.shape[:3], -1)
        spread = lax.pad(share, 0.0, ((0, 0, 0), (0, 0, v.s - 1), (0, 0, h.s - 1), (0, 0, 0)))
        corner = (0, number // h.k * v.d, number % h.k * h.d, 0)
        old = lax.dynamic_slice(dxp, corner, spread.shape)
        return lax.dynamic_update_slice(dxp, old + spread, corner), dkernel

    dxp, dkernels = lax.scan(step, jnp.zeros_like(xp), (kernels, jnp.arange(v.k * h.k)))
    dx = lax.dynamic_slice(dxp, (0, v.low, h.low, 0), x.shape)
    return dx, dkernels.reshape(w.shape), jnp.sum(dy, (0, 1, 2))


def max_pool(x, *, window, strides, padding):
    v, h = axes_of(x, window, strides, (1, 1), padding)
    xp = padded(x, v, h, -jnp.inf)
    best = tap(xp, v, h, 0)
    for number in range(1, v.k * h.k):
        best = jnp.maximum(best, tap(xp, v, h, number))
    return best


def max_pool_backward(dy, x, *, window, strides, padding):
    v, h = axes_of(x, window, strides, (1, 1), padding)
    xp = padded(x, v, h, -jnp.inf)
    y = max_pool(x, window=window, strides=strides, padding=padding)

    def body(number, carry):
        dxp, left = carry
        gets = (tap(xp, v, h, number) == y) & left
        spread = lax.pad(jnp.where(gets, dy, 0.0), 0.0, ((0, 0, 0), (0, 0, v.s - 1), (0, 0, h.s - 1), (0, 0, 0)))
        corner = (0, number // h.k, number % h.k, 0)
        old = lax.dynamic_slice(dxp, corner, spread.shape)
        return lax.dynamic_update_slice(dxp, old + spread, corner), left & ~gets

    dxp, _ = lax.fori_loop(0, v.k * h.k, body, (jnp.zeros_like(xp), jnp.ones(dy.shape, bool)))
    return lax.dynamic_slice(dxp, (0, v.low, h.low, 0), x.shape)


def integral(x):
    """S[:, i, j] is the sum of all pixels above row i and left of column j."""
    total = jnp.cumsum(jnp.cumsum(x, axis=1), axis=2)
    return jnp.pad(total, ((0, 0), (1, 0), (1, 0), (0, 0)))


def box_sums(x, rows, columns):
    s = integral(x)
    (a, b), (c, d) = (jnp.array(list(zip(*bounds))) for bounds in (rows, columns))
    pick = lambda r, q: s[:, r][:, :, q]
    return pick(b, d) - pick(a, d) - pick(b, c) + pick(a, c)


def avg_pool(x, *, window, strides, padding, count_include_pad):
    v, h = axes_of(x, window, strides, (1, 1), padding)
    bounds = [[(p * a.s, p * a.s + a.k) for p in range(a.out)] for a in (v, h)]
    total = box_sums(padded(x, v, h, 0.0), *bounds)
    if count_include_pad:
        return total / (v.k * h.k)
    return total / box_sums(padded(jnp.ones((1,) + x.shape[1:3] + (1,)), v, h, 0.0), *bounds)


def global_avg_pool(x):
    return jnp.mean(jnp.mean(x, axis=2), axis=1)


def adaptive_avg_pool(x, *, out):
    bounds = [[(i * n // o, ((i + 1) * n + o - 1) // o) for i in range(o)] for n, o in zip(x.shape[1:3], out)]
    areas = [[(b - a) * (d - c) for c, d in bounds[1]] for a, b in bounds[0]]
    return box_sums(x, *bounds) / jnp.array(areas, jnp.float32)[:, :, None]


def cnn_forward(params, x):
    for name in sorted(params)[:2]:
        z = conv2d(x, params[name]["w"], params[name]["b"])
        x = max_pool(z * (z > 0), window=(2, 2), strides=(2, 2), padding="VALID")
    return jnp.matmul(x.reshape(x.shape[0], -1), params["dense"]["w"]) + params["dense"]["b"]
