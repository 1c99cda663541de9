# Amina: taps in a loop, one matrix product each. Everything done.
import jax
import jax.numpy as jnp


def padding_for(n, k, s, d, padding):
    if padding == "VALID":
        return (0, 0)
    if padding == "SAME":
        out = -(-n // s)
        total = max((out - 1) * s + d * (k - 1) + 1 - n, 0)
        return (total // 2, total - total // 2)
    return padding


def output_size(*, size, kernel, stride, padding, dilation):
    lo, hi = padding_for(size, kernel, stride, dilation, padding)
    return (size + lo + hi - dilation * (kernel - 1) - 1) // stride + 1


def setup(x, kernel, strides, dilation, padding, fill=0.0):
    pv, ph = (padding, padding) if isinstance(padding, str) else padding
    pv = padding_for(x.shape[1], kernel[0], strides[0], dilation[0], pv)
    ph = padding_for(x.shape[2], kernel[1], strides[1], dilation[1], ph)
    P = output_size(size=x.shape[1], kernel=kernel[0], stride=strides[0], padding=pv, dilation=dilation[0])
    Q = output_size(size=x.shape[2], kernel=kernel[1], stride=strides[1], padding=ph, dilation=dilation[1])
    xp = jnp.pad(x, ((0, 0), pv, ph, (0, 0)), constant_values=fill)

    def look(i, j):
        a, b = i * dilation[0], j * dilation[1]
        return (
            slice(None),
            slice(a, a + (P - 1) * strides[0] + 1, strides[0]),
            slice(b, b + (Q - 1) * strides[1] + 1, strides[1]),
        )

    taps = [(i, j, look(i, j)) for i in range(kernel[0]) for j in range(kernel[1])]
    back = (slice(None), slice(pv[0], pv[0] + x.shape[1]), slice(ph[0], ph[0] + x.shape[2]))
    return xp, taps, back


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    xp, taps, _ = setup(x, w.shape[:2], strides, dilation, padding)
    parts = []
    for xg, wg in zip(jnp.split(xp, groups, axis=3), jnp.split(w, groups, axis=3)):
        parts.append(sum(xg[at] @ wg[i, j] for i, j, at in taps))
    return jnp.concatenate(parts, axis=3) + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    xp, taps, back = setup(x, w.shape[:2], strides, dilation, padding)
    dxs, dws = [], []
    for xg, wg, dyg in zip(*(jnp.split(a, groups, axis=3) for a in (xp, w, dy))):
        dx, dw = jnp.zeros_like(xg), jnp.zeros_like(wg)
        for i, j, at in taps:
            dx = dx.at[at].add(dyg @ wg[i, j].T)
            dw = dw.at[i, j].set(jnp.tensordot(xg[at], dyg, axes=((0, 1, 2), (0, 1, 2))))
        dxs.append(dx)
        dws.append(dw)
    return jnp.concatenate(dxs, axis=3)[back], jnp.concatenate(dws, axis=3), dy.sum(axis=(0, 1, 2))


def max_pool(x, *, window, strides, padding):
    xp, taps, _ = setup(x, window, strides, (1, 1), padding, fill=-jnp.inf)
    return jnp.stack([xp[at] for _, _, at in taps]).max(axis=0)


def max_pool_backward(dy, x, *, window, strides, padding):
    xp, taps, back = setup(x, window, strides, (1, 1), padding, fill=-jnp.inf)
    first = jnp.stack([xp[at] for _, _, at in taps]).argmax(axis=0)
    dx = jnp.zeros_like(xp)
    for n, (_, _, at) in enumerate(taps):
        dx = dx.at[at].add(jnp.where(first == n, dy, 0.0))
    return dx[back]


def avg_pool(x, *, window, strides, padding, count_include_pad):
    def total(image):
        xp, taps, _ = setup(image, window, strides, (1, 1), padding)
        return sum(xp[at] for _, _, at in taps)

    return total(x) / (window[0] * window[1] if count_include_pad else total(jnp.ones_like(x)))


def global_avg_pool(x):
    return x.mean(axis=(1, 2))


def adaptive_avg_pool(x, *, out):
    def bounds(n, o):
        return [(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]

    rows = []
    for a, b in bounds(x.shape[1], out[0]):
        rows.append(jnp.stack([x[:, a:b, c:d].mean(axis=(1, 2)) for c, d in bounds(x.shape[2], out[1])], axis=1))
    return jnp.stack(rows, axis=1)


def cnn_forward(params, x):
    for name in ("conv1", "conv2"):
        x = jax.nn.relu(conv2d(x, params[name]["w"], params[name]["b"]))
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    return x.reshape(x.shape[0], -1) @ params["dense"]["w"] + params["dense"]["b"]
