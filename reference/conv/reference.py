"""The trusted side: the starter's signatures, with JAX and Flax library calls for bodies.

Runs in float64 for the truth and in float32 for the tolerance.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

Pair = tuple[int, int]
Padding = str | tuple[Pair, Pair]
LAYOUT = ("NHWC", "HWIO", "NHWC")


def output_size(*, size: int, kernel: int, stride: int, padding: str | Pair, dilation: int) -> jax.Array:
    """Ask ``conv_general_dilated`` for the shape of its result; no library returns it by itself."""

    def convolve(x: jax.Array, w: jax.Array) -> jax.Array:
        pads = padding if isinstance(padding, str) else [padding]
        return jax.lax.conv_general_dilated(
            x, w, (stride,), pads, rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
        )

    shapes = (jax.ShapeDtypeStruct(s, jnp.float32) for s in ((1, size, 1), (kernel, 1, 1)))
    return jnp.asarray(jax.eval_shape(convolve, *shapes).shape[1], jnp.int32)


def conv2d(
    x: jax.Array,
    w: jax.Array,
    b: jax.Array,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "SAME",
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> jax.Array:
    y = jax.lax.conv_general_dilated(
        x,
        w,
        strides,
        padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
        dimension_numbers=LAYOUT,
        precision=jax.lax.Precision.HIGHEST,
    )
    return y + b


def conv2d_backward(dy: jax.Array, x: jax.Array, w: jax.Array, **static: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
    _, pull = jax.vjp(lambda x, w, b: conv2d(x, w, b, **static), x, w, jnp.zeros(w.shape[-1], w.dtype))
    return pull(dy)


def max_pool(x: jax.Array, *, window: Pair, strides: Pair, padding: Padding) -> jax.Array:
    return nnx.max_pool(x, window, strides=strides, padding=padding)


def max_pool_backward(dy: jax.Array, x: jax.Array, *, window: Pair, strides: Pair, padding: Padding) -> jax.Array:
    """XLA's select-and-scatter gives everything to the first of equal maxima, as the handout asks."""
    _, pull = jax.vjp(lambda x: max_pool(x, window=window, strides=strides, padding=padding), x)
    return pull(dy)[0]


def avg_pool(x: jax.Array, *, window: Pair, strides: Pair, padding: Padding, count_include_pad: bool) -> jax.Array:
    return nnx.avg_pool(x, window, strides=strides, padding=padding, count_include_pad=count_include_pad)


def global_avg_pool(x: jax.Array) -> jax.Array:
    return nnx.avg_pool(x, x.shape[1:3])[:, 0, 0]


def adaptive_avg_pool(x: jax.Array, *, out: Pair) -> jax.Array:
    """Flax and JAX have none, and windows of one size cannot express it: a product with averaging matrices."""
    rows, columns = (jnp.asarray(_averages(n, o), x.dtype) for n, o in zip(x.shape[1:3], out, strict=True))
    return jnp.einsum("ph,nhwc,qw->npqc", rows, x, columns, precision="highest")


def _averages(n: int, out: int) -> np.ndarray:
    """Row i averages the pixels from floor(i n / out) to ceil((i + 1) n / out), the end left out."""
    i, pixel = np.arange(out)[:, None], np.arange(n)
    inside = (pixel >= np.floor(i * n / out)) & (pixel < np.ceil((i + 1) * n / out))
    return inside / inside.sum(axis=1, keepdims=True)


def cnn_forward(params: dict[str, dict[str, jax.Array]], x: jax.Array) -> jax.Array:
    for name in ("conv1", "conv2"):
        _, _, inputs, outputs = params[name]["w"].shape
        conv = _module(params[name], nnx.Conv, inputs, outputs, (3, 3), padding="SAME")
        x = nnx.max_pool(nnx.relu(conv(x)), (2, 2), strides=(2, 2))
    x = x.reshape(x.shape[0], -1)
    return _module(params["dense"], nnx.Linear, *params["dense"]["w"].shape)(x)


def _module(layer: dict[str, jax.Array], kind: Any, *args: Any, **options: Any) -> Any:
    """A Flax layer with these numbers in it: its kernel has the handout's order of axes."""
    empty = nnx.eval_shape(lambda: kind(*args, **options, precision="highest", rngs=nnx.Rngs(0)))
    graph, state = nnx.split(empty)
    nnx.replace_by_pure_dict(state, {"kernel": layer["w"], "bias": layer["b"]})
    return nnx.merge(graph, state)
