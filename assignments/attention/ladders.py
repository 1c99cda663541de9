"""Small public cases of each function, the smallest first: the first one that fails is a counterexample.

Whole numbers and halves, few enough to follow the computation by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import Case, case, ladder

from .inputs import Params


def _halves(*shape: int, start: int = 0) -> np.ndarray:
    """Whole numbers and halves from -1.5 to 1.5 in a fixed, irregular order."""
    order = np.array([1, 5, 2, 6, 0, 4, 3, 6, 1, 3, 0])
    return (order[(np.arange(np.prod(shape)) + start) % len(order)].reshape(shape) - 3) / 2


def _attention(stream: int, inner: int, other: int | None = None) -> Params:
    other = stream if other is None else other
    shapes = {"q": (stream, inner), "k": (other, inner), "v": (other, inner), "o": (inner, stream)}
    params: Params = {}
    for i, (name, axes) in enumerate(shapes.items()):
        params["w" + name] = _halves(*axes, start=3 * i)
        params["b" + name] = _halves(axes[1], start=3 * i + 1)
    return params


def _norm(width: int, start: int) -> Params:
    return {"scale": 2 + _halves(width, start=start), "bias": _halves(width, start=start + 1)}


def _feed_forward(width: int, hidden: int) -> Params:
    return {
        "w1": _halves(width, hidden, start=1),
        "b1": _halves(hidden, start=2),
        "w2": _halves(hidden, width, start=5),
        "b2": _halves(width, start=7),
    }


def _block(width: int, inner: int, hidden: int) -> Params:
    return {
        "norm1": _norm(width, 2),
        "attention": _attention(width, inner),
        "norm2": _norm(width, 5),
        "feed_forward": _feed_forward(width, hidden),
    }


@ladder("positional_encoding")
def _positional_encoding() -> Iterator[Case]:
    yield case("position 0, one pair", [0], dim=2)
    yield case("position 1, one pair", [1], dim=2)
    yield case("position 2, two pairs", [2], dim=4)
    yield case("positions 3, 0 and 5 in this order, two pairs", [3, 0, 5], dim=4)
    yield case("positions 1 and 90, three pairs", [1, 90], dim=6)
    yield case("position 700, two pairs", [700], dim=4)


@ladder("causal_mask")
def _causal_mask() -> Iterator[Case]:
    yield case("one position", length=1)
    yield case("two positions", length=2)
    yield case("three positions", length=3)
    yield case("twelve positions", length=12)
    yield case("twenty positions", length=20)


@ladder("padding_mask")
def _padding_mask() -> Iterator[Case]:
    yield case("one sequence of two keys, one of them real", [1], size=2)
    yield case("one sequence of three keys, two of them real", [2], size=3)
    yield case("two sequences of three keys, one full", [3, 1], size=3)
    yield case("three sequences of four keys, one of them empty", [2, 0, 4], size=4)


@ladder("scaled_dot_product_attention")
def _scaled_dot_product_attention() -> Iterator[Case]:
    one = [[[[1.0, 2.0, 0.0, 1.0]]]]  # one query of width 4, so that the scale is 2
    keys = [[[[2.0, 0.0, 1.0, 0.0]], [[0.0, 1.0, 1.0, 4.0]]]]  # scores 1 and 3 after scaling
    two = [[[[4.0, -2.0]], [[1.0, 3.0]]]]
    yield case("one query, two keys, width 4", one, keys, two, None)
    yield case("one query, two keys, the second one hidden", one, keys, two, [[[[True, False]]]])
    q, k, v = _halves(1, 3, 2, 1), _halves(1, 2, 2, 1, start=2), _halves(1, 2, 2, 2, start=4)
    yield case("two heads, three queries, two keys, no mask", q, k, v, None)
    masks = [
        [[[True, False, True], [True, True, False]], [[False, True, True], [True, True, True]]],
        [[[True, True, False], [False, True, True]], [[True, False, False], [True, False, True]]],
    ]
    q, k, v = _halves(2, 2, 2, 1), _halves(2, 3, 2, 1, start=2), _halves(2, 3, 2, 2, start=4)
    yield case("two sequences, two heads, two queries, three keys, a mask of their own", q, k, v, masks)
    yield case("two queries, and the second may look at nothing", q[:1], k[:1], v[:1], [[[[True], [False]]]])
    far = [[[[-300.0]], [[-302.0]], [[300.0]]]]
    hidden = [[[[True, True, False]]]]
    label = "two queries with scores of 300 and more, or of -300 and less, the third key hidden"
    yield case(label, [[[[1.0]], [[-1.0]]]], far, v[:1, :, :1], hidden)


# One head of width 1: the smallest attention that there is.
_ONE_HEAD = {
    "wq": [[1.0]],
    "bq": [0.5],
    "wk": [[2.0]],
    "bk": [-1.0],
    "wv": [[3.0]],
    "bv": [1.0],
    "wo": [[2.0]],
    "bo": [-0.5],
}


@ladder("multi_head_attention")
def _multi_head_attention() -> Iterator[Case]:
    x = [[[2.0]]]
    yield case("one position, width 1, one head", _ONE_HEAD, x, x, None, num_heads=1)
    x = [[[1.0], [-0.5]]]
    yield case("two positions, width 1, one head", _ONE_HEAD, x, x, None, num_heads=1)
    x = _halves(1, 2, 2, start=2)
    yield case("two positions, two heads of width 1", _attention(2, 2), x, x, None, num_heads=2)
    x = _halves(1, 3, 2)
    yield case("three positions, two heads of width 2", _attention(2, 4), x, x, None, num_heads=2)
    x_q, x_kv = _halves(1, 2, 2), _halves(1, 3, 1, start=4)
    yield case("two queries, three keys of another width", _attention(2, 4, 1), x_q, x_kv, None, num_heads=2)
    mask = [[[[True, False, True], [False, False, False]], [[False, True, True], [False, False, False]]]]
    yield case("each head has a mask, the second query sees nothing", _attention(2, 4, 1), x_q, x_kv, mask, num_heads=2)


@ladder("layer_norm")
def _layer_norm() -> Iterator[Case]:
    plain = {"scale": [1.0, 1.0], "bias": [0.0, 0.0]}
    yield case("two numbers, scale 1, bias 0", plain, [1.0, 4.0])
    params = {"scale": [2.0, 0.5, -1.0], "bias": [0.5, -1.0, 3.0]}
    yield case("three numbers with scale and bias", params, [1.0, 2.0, 6.0])
    yield case("two rows", params, [[1.0, 2.0, 6.0], [0.0, -1.0, 2.5]])
    x = [[[1.0, 2.0, 6.0], [0.0, -1.0, 2.5]], [[3.0, 0.5, 1.0], [-2.0, 0.0, 5.0]]]
    yield case("two sequences of two rows", params, x)
    yield case("numbers that are equal", params, [0.5, 0.5, 0.5])
    yield case("numbers that differ by a thousandth", params, [0.001, 0.0, 0.003])


@ladder("feed_forward")
def _feed_forward_ladder() -> Iterator[Case]:
    one = {"w1": [[1.0]], "b1": [-0.5], "w2": [[2.0]], "b2": [1.0]}
    yield case("one number, hidden width 1", one, [1.5])
    yield case("one number, negative before gelu", one, [-1.0])
    yield case("two numbers, hidden width 3", _feed_forward(2, 3), [0.5, 1.0])
    yield case("two sequences of two rows", _feed_forward(2, 3), _halves(2, 2, 2, start=3))


@ladder("transformer_encoder_block")
def _transformer_encoder_block() -> Iterator[Case]:
    yield case("one position, width 2, one head", _block(2, 1, 2), [[[1.0, 4.0]]], None, num_heads=1)
    params, x = _block(3, 2, 2), np.array([[[1.0, 4.0, -0.5], [2.0, -1.0, 0.0]]])
    yield case("two positions, width 3, two heads", params, x, None, num_heads=2)
    yield case("the same, and the second position is hidden", params, x, [[[[True, False]]]], num_heads=2)
    mask = [[[[True, False], [False, True]], [[True, True], [False, False]]]]
    yield case("the same with a mask for each head", params, x, mask, num_heads=2)
    both = np.concatenate([x, [[[0.0, 1.5, 3.0], [-2.0, 0.5, 1.0]]]])
    yield case("two sequences with a causal mask", params, both, [[[[True, False], [True, True]]]], num_heads=2)


@ladder("decode_step")
def _decode_step() -> Iterator[Case]:
    def cache(batch: int, room: int, heads: int, filled: int) -> Params:
        # Leftovers beyond the filled places are 9 and 7.
        k, v = _halves(batch, room, heads, 1, start=1), _halves(batch, room, heads, 1, start=5)
        k[:, filled:], v[:, filled:] = 9.0, 7.0
        return {"k": k, "v": v, "length": np.int32(filled)}

    yield case("the first of one place", _ONE_HEAD, cache(1, 1, 1, 0), [[1.5]], num_heads=1)
    yield case("the first of two places", _ONE_HEAD, cache(1, 2, 1, 0), [[0.5]], num_heads=1)
    yield case("the second of three places", _ONE_HEAD, cache(1, 3, 1, 1), [[0.5]], num_heads=1)
    yield case("the third of four places, two heads", _attention(2, 2), cache(1, 4, 2, 2), [[1.0, -0.5]], num_heads=2)
    x = [[1.0, -0.5], [0.5, 1.5]]
    yield case("the last of three places, two sequences", _attention(2, 2), cache(2, 3, 2, 2), x, num_heads=2)


LADDERS = (
    _positional_encoding,
    _causal_mask,
    _padding_mask,
    _scaled_dot_product_attention,
    _multi_head_attention,
    _layer_norm,
    _feed_forward_ladder,
    _transformer_encoder_block,
    _decode_step,
)
