"""Values of max, average and global pooling by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen

from question_bank.templates.engine import Draw, Question, Wrong, template


def _grid(d: Draw, height: int, width: int, low: int = 0, high: int = 30) -> list[list[int]]:
    flat = d.sample(range(low, high + 1), height * width)
    return [flat[r * width : (r + 1) * width] for r in range(height)]


def _image(rows: list[list[int]]) -> jax.Array:
    return jnp.asarray(np.asarray(rows, dtype=float)[None, :, :, None])


@template(topic="max pooling", difficulty=0.3)
def max_pool_entry(d: Draw) -> Question:
    """One entry of a max pooling output."""
    rows, stride = _grid(d, 4, 5, -20, 60), d.choose(1, 2)
    r, c = d.integer(1, 1 if stride == 2 else 2), d.integer(1, 1 if stride == 2 else 3)
    key = linen.max_pool(_image(rows), (2, 2), (stride, stride))[0, r, c, 0]

    def window(y: int, x: int) -> list[int]:
        return [rows[y + i][x + j] for i in range(2) for j in range(2)]

    here, wrong_stride = (
        window(r * stride, c * stride),
        window(r, c) if stride == 2 else window(min(2 * r, 2), min(2 * c, 3)),
    )
    return Question(
        stem=f"Max pooling with a 2×2 window and stride {stride}, without padding, runs over the input `{rows}` (a "
        f"list of rows). Rows and columns are counted from 0. What is the output in row {r}, column {c}?",
        key=key,
        second=sorted(here)[-1],
        wrong=[
            Wrong("mean", sum(here) / 4, "That is average pooling: take the largest entry."),
            Wrong("smallest", min(here), "You took the smallest entry of the window."),
            Wrong("second largest", sorted(here)[-2], "One entry of the window is larger."),
            Wrong("wrong stride", max(wrong_stride), f"The windows start {stride} apart."),
            Wrong(
                "counted from one",
                max(window((r - 1) * stride, (c - 1) * stride)),
                "Rows and columns are counted from 0.",
            ),
            Wrong("input entry", rows[r][c], "That is the input's entry in this place."),
            Wrong("largest of all", max(map(max, rows)), "Only the window counts, not the whole input."),
            Wrong("sum", sum(here), "Max pooling does not add."),
        ],
        explanation=f"The window holds {', '.join(map(str, here))}; the largest is {max(here)}.",
    )


@template(topic="max pooling", difficulty=0.4)
def max_pool_gradient_place(d: Draw) -> Question:
    """Input entry that receives the gradient through max pooling."""
    rows = _grid(d, 4, 4, 0, 99)
    r, c = d.integer(0, 1), d.integer(0, 1)
    flat = [(rows[y][x], y, x) for y in range(2 * r, 2 * r + 2) for x in range(2 * c, 2 * c + 2)]
    key = int(jnp.argmax(jax.lax.dynamic_slice(jnp.asarray(np.asarray(rows)), (2 * r, 2 * c), (2, 2))))
    _, y, x = max(flat)
    whole = max((rows[i][j], i, j) for i in range(4) for j in range(4))

    def place(row: int, column: int) -> str:
        return f"row {row}, column {column}"

    least = min(flat)
    return Question(
        stem=f"Max pooling with a 2×2 window and stride 2 runs over the input `{rows}` (a list of rows). Rows and "
        "columns are counted from 0. In the backward pass, which input entry receives the gradient of the output in "
        f"row {r}, column {c}?",
        key=place(2 * r + key // 2, 2 * c + key % 2),
        second=place(y, x),
        wrong=[
            Wrong("smallest", place(*least[1:]), "The gradient goes to the largest entry of the window."),
            Wrong(
                "first of the window",
                place(2 * r, 2 * c),
                "The gradient goes to the largest entry, wherever it stands.",
            ),
            Wrong(
                "last of the window",
                place(2 * r + 1, 2 * c + 1),
                "The gradient goes to the largest entry, wherever it stands.",
            ),
            Wrong("largest of all", place(*whole[1:]), "Only the entries of this window can receive this gradient."),
            Wrong(
                "place in the window",
                place(y - 2 * r, x - 2 * c),
                "That is the place inside the window, not in the input.",
            ),
            Wrong("counted from one", place(y + 1, x + 1), "Rows and columns are counted from 0."),
            Wrong("swapped", place(x, y), "The row comes before the column."),
        ],
        explanation=f"The window's largest entry, {rows[y][x]}, stands in row {y}, column {x}; the others receive 0.",
    )


@template(topic="average pooling", difficulty=0.5)
def average_pool_padding(d: Draw) -> Question:
    """Average pooling at the edge, with padding counted or not."""
    rows, counted = _grid(d, 3, 4, 1, 60), d.choose(True, False)
    corner = d.choose(True, False)
    c = 0 if corner else 1
    inside = [rows[y][x] for y in (0, 1) for x in range(max(c - 1, 0), c + 2)]
    pads = ((1, 1), (1, 1))
    key = linen.avg_pool(_image(rows), (3, 3), (1, 1), pads, count_include_pad=counted)[0, 0, c, 0]
    total, real = sum(inside), len(inside)
    rule = (
        "The zeros count in the mean."
        if counted
        else "The zeros do not count in the mean: it is taken over real entries only."
    )
    return Question(
        stem="Average pooling with a 3×3 window, stride 1 and one row or column of zeros as padding on every side "
        f"runs over the input `{rows}` (a list of rows). {rule} Rows and columns are counted from 0. What is the "
        f"output in row 0, column {c}?",
        key=key,
        second=float(np.mean(inside + [0] * (9 - real))) if counted else float(np.mean(inside)),
        wrong=[
            Wrong(
                "other convention",
                total / (real if counted else 9),
                "Look again at whether the zeros count in the mean.",
            ),
            Wrong("sum", total, "Average pooling divides by the number of entries."),
            Wrong("largest", max(inside), "That is max pooling."),
            Wrong(
                "no padding",
                sum(rows[y][x] for y in range(3) for x in range(3)) / 9,
                "With padding, the first window is centred on the first entry.",
            ),
            Wrong(
                "divided by the width", total / 3, "Divide by the number of entries, not by the width of the window."
            ),
            Wrong("smallest", min(inside), "Average pooling takes the mean."),
            Wrong("whole input", sum(map(sum, rows)) / 12, "Only the window counts, not the whole input."),
            Wrong(
                "one row only",
                sum(rows[0][max(c - 1, 0) : c + 2]) / (real // 2),
                "The window reaches into the next row too.",
            ),
        ],
        explanation=f"The real entries {', '.join(map(str, inside))} add up to {total}; divide by "
        f"{9 if counted else real}.",
        places=2,
    )


@template(topic="average pooling", difficulty=0.3)
def global_average_pool_value(d: Draw) -> Question:
    """Global average pooling of one channel."""
    maps = [_grid(d, 2, 3, 1, 40) for _ in range(2)]
    which = d.integer(0, 1)
    key = jnp.mean(jnp.asarray(np.asarray(maps, dtype=float)), axis=(1, 2))[which]
    mine, other = ([v for row in m for v in row] for m in (maps[which], maps[1 - which]))
    return Question(
        stem=f"A network's last feature maps have two channels, each a list of rows: channel 0 is `{maps[0]}`, channel "
        f"1 is `{maps[1]}`. What does global average pooling return for channel {which}?",
        key=key,
        second=sum(mine) / 6,
        wrong=[
            Wrong("largest", max(mine), "That is global max pooling."),
            Wrong("sum", sum(mine), "Divide by the number of entries of the channel."),
            Wrong("other channel", sum(other) / 6, "That is the mean of the other channel."),
            Wrong("all channels", sum(mine + other) / 12, "Each channel has its own mean."),
            Wrong("first row", sum(maps[which][0]) / 3, "The mean runs over all rows of the channel."),
            Wrong("divided by the rows", sum(mine) / 2, "Divide by the number of entries, not of rows."),
            Wrong("median", float(np.median(mine)), "The mean is asked, not the median."),
            Wrong("divided by all", sum(mine) / 12, "Divide by the entries of this channel only."),
        ],
        explanation=f"({' + '.join(map(str, mine))}) / 6 = {sum(mine) / 6:.4g}.",
        places=2,
    )


@template(topic="adaptive pooling", difficulty=0.6)
def adaptive_pool_value(d: Draw) -> Question:
    """One value of adaptive average pooling."""
    size, outputs = d.choose((8, 3), (10, 3), (10, 4), (7, 3), (11, 4), (7, 4), (8, 5))
    values = d.sample(range(1, 60), size)
    i = d.integer(1, outputs - 2)
    start, stop = i * size // outputs, -(-(i + 1) * size // outputs)
    weights = (jnp.arange(size) >= start) & (jnp.arange(size) < stop)
    key = jnp.average(jnp.asarray(np.asarray(values, dtype=float)), weights=weights)
    # Second way: a value belongs to the window when it overlaps the i-th of the equal parts, in whole numbers.
    inside = [v for at, v in enumerate(values) if (at + 1) * outputs > i * size and at * outputs < (i + 1) * size]
    up, even = values[-(-i * size // outputs) : stop], size // outputs

    def mean(part: list[int]) -> float:
        return sum(part) / len(part) if part else 0.0

    return Question(
        stem=f"Adaptive average pooling turns the {size} values `{values}` into {outputs}. Output i (counted from 0) "
        f"is the mean of the values from index floor(i · {size} / {outputs}) up to, but not including, ceil((i + 1) · "
        f"{size} / {outputs}). What is output {i}?",
        key=key,
        second=mean(inside),
        wrong=[
            Wrong("start rounded up", mean(up), "The start is rounded down: windows may share a value."),
            Wrong(
                "end rounded down",
                mean(values[start : (i + 1) * size // outputs]),
                "The end is rounded up: windows may share a value.",
            ),
            Wrong("end included", mean(values[start : stop + 1]), "The upper end is not included."),
            Wrong(
                "equal windows",
                mean(values[i * even : (i + 1) * even]),
                "The number of values is no multiple of the number of outputs.",
            ),
            Wrong(
                "counted from one",
                mean(values[(i - 1) * size // outputs : -(-i * size // outputs)]),
                "Outputs are counted from 0.",
            ),
            Wrong("largest", max(inside), "That is adaptive max pooling."),
            Wrong("mean of all", mean(values), "Only the window counts."),
            Wrong("sum", sum(inside), "Divide by the number of values in the window."),
        ],
        explanation=f"The window holds {', '.join(map(str, inside))}; their mean is {mean(inside):.4g}.",
        places=2,
    )
