"""Convolution and pooling

Write the body of every function below. The handout (README.md) has the formulas and the rules: everything is
float32, images are (N, H, W, C), kernels are (kh, kw, Ci / groups, Co), and no library convolves or pools for you.

Check yourself as often as you like:

    autograder check submission.py --assignment conv
"""

import jax
import jax.numpy as jnp

# --- sizes ---


def output_size(*, size, kernel, stride, padding, dilation):
    """Return how many positions a kernel has along one axis.

    Args:
        size: pixels along the axis; like all arguments here a Python number, known while JAX traces.
        kernel: taps of the kernel along the axis.
        stride: step from one position to the next.
        padding: "SAME", "VALID", or a pair of ints, the pixels added before and after.
        dilation: distance between neighbouring taps, 1 for an ordinary kernel.
    Returns:
        a Python int, or () int32.
    """
    raise NotImplementedError


# --- convolution ---


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Return the cross-correlation of x and w, plus b.

    Args:
        x: (N, H, W, Ci) float32.
        w: (kh, kw, Ci / groups, Co) float32.
        b: (Co,) float32.
        strides: pair of ints, for height and width.
        padding: "SAME", "VALID", or ((top, bottom), (left, right)).
        dilation: pair of ints, for height and width.
        groups: int; input and output channels are cut into that many blocks, which do not mix.
    Returns:
        (N, H', W', Co) float32.
    """
    raise NotImplementedError


def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Send a gradient back through y = conv2d(x, w, b, ...).

    Args:
        dy: (N, H', W', Co) float32, the gradient of the loss for y.
        x: (N, H, W, Ci) float32, the image.
        w: (kh, kw, Ci / groups, Co) float32, the kernel.
        strides, padding, dilation, groups: as in conv2d.
    Returns:
        dx (N, H, W, Ci), dw (kh, kw, Ci / groups, Co), db (Co,), in this order.
    """
    raise NotImplementedError


# --- pooling ---


def max_pool(x, *, window, strides, padding):
    """Return the largest number of every window. Padding never wins.

    Args:
        x: (N, H, W, C) float32.
        window: pair of ints, height and width of the window.
        strides: pair of ints.
        padding: "SAME", "VALID", or ((top, bottom), (left, right)).
    Returns:
        (N, H', W', C) float32.
    """
    raise NotImplementedError


def max_pool_backward(dy, x, *, window, strides, padding):
    """Send a gradient back through max_pool: all of it to the first maximum of each window, row by row.

    Args:
        dy: (N, H', W', C) float32, the gradient of the loss for the pooled image.
        x: (N, H, W, C) float32, the image that was pooled.
        window, strides, padding: as in max_pool.
    Returns:
        dx (N, H, W, C) float32.
    """
    raise NotImplementedError


def avg_pool(x, *, window, strides, padding, count_include_pad):
    """Return the mean of every window.

    Args:
        x: (N, H, W, C) float32.
        window, strides, padding: as in max_pool.
        count_include_pad: True divides by the size of the window everywhere, as if the padding were pixels that
            are 0; False divides by the number of real pixels in the window.
    Returns:
        (N, H', W', C) float32.
    """
    raise NotImplementedError


def global_avg_pool(x):
    """Return the mean of every channel of every image.

    Args:
        x: (N, H, W, C) float32.
    Returns:
        (N, C) float32.
    """
    raise NotImplementedError


def adaptive_avg_pool(x, *, out):
    """Return means over a grid of windows that cover the image, whatever its size.

    Args:
        x: (N, H, W, C) float32.
        out: pair of ints (P, Q), the size of the result.
    Returns:
        (N, P, Q, C) float32. Row i is the mean of the rows from floor(i H / P) up to but not including
        ceil((i + 1) H / P); columns likewise.
    """
    raise NotImplementedError


# --- network ---


def cnn_forward(params, x):
    """Run the network: twice convolution, relu and max pooling, then a dense layer.

    Args:
        params: {"conv1": {"w": (3, 3, C, A), "b": (A,)}, "conv2": {"w": (3, 3, A, B), "b": (B,)},
            "dense": {"w": (D, K), "b": (K,)}} with D = (H // 4) * (W // 4) * B.
        x: (N, H, W, C) float32.
    Returns:
        logits (N, K) float32.
    """
    raise NotImplementedError


if __name__ == "__main__":
    # Runs when you start this file yourself; the grader never does.
    image = jnp.zeros((1, 6, 6, 1)).at[:, :, 3:].set(1.0)  # dark on the left, bright on the right
    edges = jnp.array([[-1.0, 0.0, 1.0]] * 3)[:, :, None, None]
    print(conv2d(image, edges, jnp.zeros(1), padding="VALID")[0, :, :, 0])  # 3 wherever the window sees the edge
