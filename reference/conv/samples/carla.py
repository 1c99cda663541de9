# Carla. First steps: NumPy habits, and the convolution of the signal processing lecture.
import numpy as np
import jax.numpy as jnp


def output_size(*, size, kernel, stride, padding, dilation):
    if padding == "SAME":
        return size // stride
    return (size - kernel) // stride + 1


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    w = w[::-1, ::-1]
    kh, kw, ci, co = w.shape
    if padding == "SAME":
        x = jnp.pad(x, ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2), (0, 0)))
    H = (x.shape[1] - kh) // strides[0] + 1
    W = (x.shape[2] - kw) // strides[1] + 1
    y = jnp.zeros((x.shape[0], H, W, co))
    for i in range(H):
        for j in range(W):
            window = x[:, i * strides[0] : i * strides[0] + kh, j * strides[1] : j * strides[1] + kw]
            y = y.at[:, i, j].set(jnp.einsum("nijc,ijco->no", window, w))
    return y + b


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    # TODO dx
    dw = jnp.zeros_like(w)
    return x, dw, dy.sum((0, 1, 2))


def max_pool(x, *, window, strides, padding):
    N, H, W, C = x.shape
    y = np.zeros((N, H // window[0], W // window[1], C))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = np.max(x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(1, 2))
    return y


def max_pool_backward(dy, x, *, window, strides, padding):
    dx = jnp.zeros(x.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            part = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            if part.max() > 0:
                dx[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = dy[:, i, j]
    return dx


def avg_pool(x, *, window, strides, padding, count_include_pad):
    N, H, W, C = x.shape
    return x.reshape(N, H // 2, 2, W // 2, 2, C).mean((2, 4))


def global_avg_pool(x):
    return x.mean((1, 2), keepdims=True)


def adaptive_avg_pool(x, *, out):
    return x[:, : out[0], : out[1]]


def cnn_forward(params, x):
    raise NotImplementedError
