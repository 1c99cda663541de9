"""Ask JAX and Flax: the number of parameters of a layer, the shape of an output, the output of a program."""

from __future__ import annotations

import contextlib
import functools
import io
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen
from jax import lax

CHANNELS_LAST = ("NHWC", "HWIO", "NHWC")


@functools.cache
def _random_key() -> Any:
    """The shape and type of a random key."""
    return jax.eval_shape(lambda: jax.random.key(0))


def _plain(layer: linen.Module) -> linen.Module:
    """The layer with weights that start at zero: tracing random ones takes ten times as long."""
    inits = ("kernel_init", "recurrent_kernel_init", "embedding_init")
    zeros: dict[str, Any] = {name: linen.initializers.zeros for name in inits if hasattr(layer, name)}
    return layer.clone(**zeros)


@functools.lru_cache(maxsize=20_000)
def parameters(layer: linen.Module, *shapes: tuple[int, ...], whole_numbers: bool = False) -> int:
    """Count the parameters of a Flax layer without computing anything.

    Args:
      layer: The layer.
      shapes: Shapes of its inputs, float32.
      whole_numbers: Whether the inputs are int32 instead, as for embeddings.
    """
    inputs = [jax.ShapeDtypeStruct(shape, jnp.int32 if whole_numbers else jnp.float32) for shape in shapes]
    variables = jax.eval_shape(_plain(layer).init, _random_key(), *inputs)
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(variables["params"]))


@functools.lru_cache(maxsize=20_000)
def cell_parameters(cell: linen.RNNCellBase, inputs: int) -> int:
    """Count the parameters of a recurrent cell that reads ``inputs`` features per step."""
    x, plain = jax.ShapeDtypeStruct((1, inputs), jnp.float32), _plain(cell)

    def init() -> Any:
        key = jax.random.key(0)
        return plain.init(key, cell.initialize_carry(key, x.shape), jnp.zeros(x.shape, x.dtype))

    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(jax.eval_shape(init)["params"]))


def shape_of(function: Callable[..., Any], *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the output of ``function`` for float32 inputs of the given shapes."""
    return tuple(jax.eval_shape(function, *(jax.ShapeDtypeStruct(s, jnp.float32) for s in shapes)).shape)


@functools.lru_cache(maxsize=20_000)
def conv_shape(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, int] = (1, 1),
    padding: str | tuple[tuple[int, int], tuple[int, int]] = "VALID",
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, ...]:
    """Return the shape of a convolution's output.

    Args:
      image: `[batch, height, width, channels]`.
      kernel: `[height, width, channels in, channels out]`.
      padding: "VALID", "SAME", or rows and columns added before and after, for height and width.

    Returns:
      `[batch, height, width, channels out]`.
    """

    def conv(x: jax.Array, w: jax.Array) -> jax.Array:
        return lax.conv_general_dilated(x, w, strides, padding, rhs_dilation=dilation, dimension_numbers=CHANNELS_LAST)

    return shape_of(conv, image, kernel)


@functools.lru_cache(maxsize=1_000)
def printed(code: str, *, shapes_only: bool = True) -> str:
    """Run the Python of a code tracing item and return what it prints, without the last line end.

    Args:
      code: Python of a template, never a student's.
      shapes_only: Trace the code only: shapes and dtypes are those of a real run, and nothing is compiled.
    """
    out = io.StringIO()

    def run() -> None:
        exec(compile(code, "<item>", "exec"), {"__name__": "item"})

    with contextlib.redirect_stdout(out):
        jax.eval_shape(run) if shapes_only else run()
    return out.getvalue().rstrip("\n")
