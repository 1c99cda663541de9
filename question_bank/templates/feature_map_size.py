"""Sizes of transposed convolutions and shapes of feature maps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen
from jax import lax

from question_bank.templates._shapes import CHANNELS_LAST, shape_of
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="convolution gradients", difficulty=0.55)
def conv_transposed_size(d: Draw) -> Question:
    """Output height of a transposed convolution."""
    size, kernel, stride, crop = d.integer(12, 128), d.choose(3, 4, 5, 6, 7), d.choose(2, 3, 4), d.choose(1, 2)
    d.need(kernel > stride and kernel - 1 >= crop)

    def transposed(x: jax.Array, w: jax.Array) -> jax.Array:
        ends = kernel - 1 - crop  # JAX states the padding of the stretched input, not the rows that are cut
        return lax.conv_transpose(x, w, (stride, 1), ((ends, ends), (0, 0)), dimension_numbers=CHANNELS_LAST)

    rows = {
        step * stride + i for step in range(size) for i in range(kernel)
    }  # second way: paint what every pixel reaches
    key = shape_of(transposed, (1, size, 1, 1), (kernel, 1, 1, 1))[1]
    return Question(
        stem=f"A transposed convolution has a kernel of height {kernel} and stride {stride}: it lays one copy of the "
        f"kernel per input row, {stride} rows apart, and adds them up; then {crop} "
        f"{'row is' if crop == 1 else 'rows are'} cut off at the top and as many at the bottom. The input is {size} "
        "pixels high. How many pixels high is the output?",
        key=jnp.asarray(key),
        second=len(rows) - 2 * crop,
        wrong=[
            Wrong(
                "ordinary convolution",
                (size + 2 * crop - kernel) // stride + 1,
                "A transposed convolution makes the map larger.",
            ),
            Wrong(
                "size times stride",
                size * stride,
                "Between the first and the last copy lie size − 1 steps; the kernel adds its height.",
            ),
            Wrong(
                "one step too many",
                size * stride + kernel - 2 * crop,
                "From the first copy to the last there are size − 1 steps.",
            ),
            Wrong("nothing cut", (size - 1) * stride + kernel, "Rows are cut at both ends."),
            Wrong("cut once", (size - 1) * stride + kernel - crop, "Rows are cut at the top and at the bottom."),
            Wrong("padded", (size - 1) * stride + kernel + 2 * crop, "Here the padding is cut off, not added."),
            Wrong(
                "no kernel",
                (size - 1) * stride + 1 - 2 * crop,
                "The last copy reaches over the whole height of the kernel.",
            ),
            Wrong("no stride", size - 1 + kernel - 2 * crop, "The copies lie one stride apart."),
        ],
        explanation=f"({size} − 1)·{stride} + {kernel} − 2·{crop} = {key}.",
        unit="pixels",
    )


@template(topic="feature maps", difficulty=0.45)
def feature_map_shape(d: Draw) -> Question:
    """Shape of the feature maps after convolution and pooling."""
    batch, height, width = d.choose(8, 16, 32, 64), d.integer(12, 30) * 2, d.integer(12, 30) * 2
    kernel, filters, padding = d.choose(3, 5, 7), d.choose(8, 12, 16, 24, 32), d.choose("SAME", "VALID")
    d.need(abs(height - width) >= 4)

    def net(x: jax.Array, w: jax.Array) -> jax.Array:
        y = lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=CHANNELS_LAST)
        return jnp.asarray(linen.max_pool(y, (2, 2), (2, 2)))

    lost = 0 if padding == "SAME" else kernel - 1
    h, w = (height - lost) // 2, (width - lost) // 2
    other = 0 if lost else kernel - 1
    wrong = [
        Wrong("channels kept", str((batch, h, w, 3)), "The output has one channel per filter."),
        Wrong(
            "no pooling",
            str((batch, height - lost, width - lost, filters)),
            "Pooling with stride 2 halves height and width.",
        ),
        Wrong(
            "other padding",
            str((batch, (height - other) // 2, (width - other) // 2, filters)),
            "Look at the padding once more.",
        ),
        Wrong("sides swapped", str((batch, w, h, filters)), "Height comes before width."),
        Wrong(
            "channels multiplied",
            str((batch, h, w, 3 * filters)),
            "Each filter reads all three channels and makes one map.",
        ),
        Wrong(
            "pooled twice",
            str((batch, h // 2, w // 2, filters)),
            "Pooling with stride 2 divides each side by two, not by four.",
        ),
    ]
    return Question(
        stem=f"A batch of {batch} RGB images of height {height} and width {width} is stored as (batch, height, width, "
        f"channels). It goes through a convolution with {filters} filters of {kernel}×{kernel}, stride 1 and padding "
        f'"{padding}", then through 2×2 max '
        "pooling with stride 2. What is the shape of the result?",
        key=str(shape_of(net, (batch, height, width, 3), (kernel, kernel, 3, filters))),
        second=str((batch, h, w, filters)),
        wrong=wrong,
        explanation=f"The convolution takes {lost} from each side, pooling halves it, and there is one channel per "
        "filter.",
    )
