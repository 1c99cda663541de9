"""Layer normalisation of a few numbers."""

from __future__ import annotations

import math
import statistics

import jax
import numpy as np

from question_bank.templates._writing import inside, row
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third", "fourth")


_layer = jax.jit(lambda x, r, c: jax.nn.standardize(x, axis=-1, epsilon=0.0)[r, c])


@template(topic="layer normalisation", difficulty=0.5)
def layer_norm_value(d: Draw) -> Question:
    """One value after layer normalisation."""
    rows = [d.decimals(3, -4.0, 6.0) for _ in range(2)]
    r, c = d.integer(0, 1), d.integer(0, 2)
    own, column, all_ = rows[r], [rows[0][c], rows[1][c]], [*rows[0], *rows[1]]
    v, mean, variance = own[c], statistics.fmean(own), statistics.pvariance(own)
    d.need(variance > 0.8 and abs(v - mean) > 0.4 and abs(mean) > 0.2 and abs(column[0] - column[1]) > 0.4)
    return Question(
        stem=f"A batch has two examples with three features each: {row(rows[0])} and {row(rows[1])}. Layer "
        f"normalisation uses the population variance, with ε = 0, scale 1 and shift 0. What does the {ORDINALS[c]} "
        f"feature of the {ORDINALS[r]} example become?",
        key=_layer(np.array(rows), r, c),
        # Second way: the squares of all differences add up to n² times the variance.
        second=(2 * v - own[c - 1] - own[c - 2])
        / math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(own, own[1:] + own[:1], strict=True))),
        wrong=[
            Wrong(
                "batch normalisation",
                math.copysign(1.0, v - statistics.fmean(column)),
                "This normalises over the batch; layer normalisation looks at one example.",
            ),
            Wrong(
                "everything",
                (v - statistics.fmean(all_)) / statistics.pstdev(all_),
                "Use the features of one example only, not those of the whole batch.",
            ),
            Wrong("variance", (v - mean) / variance, "Divide by the standard deviation, not by the variance."),
            Wrong(
                "sample variance",
                (v - mean) / statistics.stdev(own),
                "The population variance divides by n, not by n − 1.",
            ),
            Wrong("not centred", v / math.sqrt(variance), "Subtract the mean first."),
            Wrong("not divided", v - mean, "Divide by the standard deviation."),
            Wrong(
                "sign", (mean - v) / math.sqrt(variance), "Subtract the mean from the value, not the other way round."
            ),
            Wrong(
                "root mean square",
                v / math.sqrt(statistics.fmean(a * a for a in own)),
                "Subtract the mean before you take the squares (this is RMS normalisation).",
            ),
        ],
        explanation=f"The example's mean is {mean:.3f} and its standard deviation {math.sqrt(variance):.4f}: ({v} − "
        f"{inside(mean, '.3f')})/{math.sqrt(variance):.4f}.",
        places=3,
    )
