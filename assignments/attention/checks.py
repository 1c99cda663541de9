"""What is checked in the assignment, in plain sight.

Each check runs on a public draw, with the sizes that stand first in each choice, and on a hidden draw with others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import (
    Bound,
    Case,
    Generator,
    Part,
    Sizes,
    Task,
    bound,
    case,
    cost,
    gradients,
    key,
    part,
    property_,
    task,
    throughput,
    training,
    trajectory,
    values,
)

from . import inputs, ladders, options
from .inputs import Params, Shape

LETTERS, LENGTH = 8, 6  # of the copying task, as in given.py
WIDTH, HIDDEN, HEADS = 32, 64, 4  # of the model that learns it, as in given.py
STEPS, ROWS, HELD_OUT = 100, 32, 256
LARGE = (8, 64, 128)  # batch, positions and width where speed counts
DECODED = 6  # steps of the decoding trajectory

(
    positional_encoding_ladder,
    causal_mask_ladder,
    padding_mask_ladder,
    attention_ladder,
    multi_head_ladder,
    layer_norm_ladder,
    feed_forward_ladder,
    block_ladder,
    decode_ladder,
) = ladders.LADDERS
(
    positional_encoding_options,
    causal_mask_options,
    padding_mask_options,
    attention_options,
    multi_head_options,
    layer_norm_options,
    feed_forward_options,
    block_options,
    decode_options,
) = options.COVERAGES


# --- positions and masks ----------------------------------------------------------------------------------


@values("positional_encoding")
def positional_encoding_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """positional_encoding alternates sine and cosine, each pair slower than the one before"""
    rows, few, reach = size(20, 9, 40), size(7, 2, 12), size(40, 50, 100)
    yield case("the first positions in any order", rng.permutation(rows), dim=size.one(8, 4, 10, 12, 16))
    yield case("a few positions far apart", rng.choice(reach, size=few, replace=False), dim=size.one(6, 4, 10, 14))
    yield case("one position, one pair", rng.integers(2, reach, size=1), dim=2)


@values("positional_encoding", needs=("positional_encoding_values",))
def positional_encoding_far(rng: Generator, size: Sizes) -> Iterator[Case]:
    """positional_encoding of positions in the hundreds"""
    start, rows = size(500, 530, 960), size(20, 5, 30)
    yield case("positions in the hundreds", start + rng.permutation(rows), dim=size.one(8, 4, 10, 12, 16))


@values("causal_mask")
def causal_mask_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """causal_mask shows each position itself and the earlier ones"""
    yield case("a few positions", length=size(6, 2, 8))
    yield case("a single position", length=1)
    yield case("many positions", length=size(12, 14, 40))


@values("padding_mask")
def padding_mask_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """padding_mask shows the real keys and hides the padding"""
    batch, keys = size.apart((5, 4, 8), (7, 4, 16))
    between = rng.integers(1, keys, size=batch - 2)
    lengths = rng.permutation([0, keys, *between])
    yield case("several sequences, an empty and a full one among them", lengths, size=keys)
    alone = size(4, 2, 12)
    yield case("a single sequence", rng.integers(1, alone, size=1), size=alone)


# --- attention --------------------------------------------------------------------------------------------


@values("scaled_dot_product_attention")
def attention_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """scaled_dot_product_attention without a mask"""
    s = inputs.few_keys(size)
    yield case("several sequences and heads", *inputs.qkv(rng, s), None)
    yield case("queries and keys twice as large", *inputs.qkv(rng, s, 2.0), None)
    alone = Shape(1, 1, s.keys, 1, s.width, s.value)
    yield case("one sequence, one query, one head", *inputs.qkv(rng, alone), None)
    yield case("a single key", *inputs.qkv(rng, s, keys=1), None)


@values("scaled_dot_product_attention", needs=("attention_values",))
def attention_masked(rng: Generator, size: Sizes) -> Iterator[Case]:
    """scaled_dot_product_attention looks only where the mask says True"""
    s = inputs.shape(size)
    batch, _, queries, keys = s.mask
    padding = inputs.padding(rng, batch, keys)
    yield case("another mask in every sequence and head", *inputs.qkv(rng, s), inputs.full_mask(rng, s.mask))
    yield case("padding: one mask for all heads and queries", *inputs.qkv(rng, s), padding)
    yield case(
        "causal: one mask for all sequences and heads",
        *inputs.qkv(rng, s, keys=queries),
        inputs.causal(queries),
    )
    both = inputs.padding(rng, batch, queries) & inputs.causal(queries)
    yield case("padding and causal: one mask for all heads", *inputs.qkv(rng, s, keys=queries), both)
    yield case("one key in sight of each query", *inputs.qkv(rng, s), inputs.one_key(rng, s))
    alone = Shape(1, 1, 2, 1, s.width, s.value)
    mask = rng.permuted([True, False]).reshape(1, 1, 1, 2)
    yield case("a single query, one of two keys hidden", *inputs.qkv(rng, alone), mask)


@values("scaled_dot_product_attention", needs=("attention_values", "attention_masked"))
def attention_large(rng: Generator, size: Sizes) -> Iterator[Case]:
    """scaled_dot_product_attention of scores in the thousands stays finite"""
    s = inputs.shape(size)
    q, k, v = inputs.logits(rng, s, 9876.5)
    yield case("scores up to 10,000 and down to -10,000", q, k, v, inputs.full_mask(rng, s.mask))
    q, k, v = inputs.logits(rng, s, 9876.5)
    yield case("the same without a mask", q, k, v, None)
    yield case("all visible scores near -300, all hidden ones near 300", *inputs.trap(rng, s))


@values("scaled_dot_product_attention", needs=("attention_values",))
def attention_empty_rows(rng: Generator, size: Sizes) -> Iterator[Case]:
    """scaled_dot_product_attention of a query that may look at nothing is zero, not NaN"""
    s = inputs.shape(size)
    batch, heads, queries, keys = s.mask
    mask = inputs.with_empty_rows(inputs.full_mask(rng, s.mask))
    padding = inputs.padding(rng, batch, keys, empty=True)
    yield case("some queries in some heads see no key", *inputs.qkv(rng, s), mask)
    yield case("one sequence is nothing but padding", *inputs.qkv(rng, s), padding)
    by_query = inputs.whole_rows(rng, batch, 1, queries)
    yield case("a key axis of length one: each query sees everything or nothing", *inputs.qkv(rng, s), by_query)
    by_head = inputs.whole_rows(rng, 1, heads, 1)
    yield case("one entry for each head: it sees everything or nothing", *inputs.qkv(rng, s), by_head)


def _is_weighted_mean(output: Any, q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray) -> Iterator[Bound]:
    sees_any = mask.any(axis=-1).transpose(0, 2, 1)  # (B, H, T) -> (B, T, H), as in the output
    total, hidden = output[..., 0], output[..., 1]
    yield bound("smallest sum of the weights of a query", total[sees_any].min(), 1 - 1e-5)
    yield bound("largest sum of the weights of a query", total[sees_any].max(), high=1 + 1e-5)
    yield bound("largest total weight of a query that may look at nothing", np.abs(total[~sees_any]).max(), 0, 0)
    yield bound("largest total weight on keys that are hidden", np.abs(hidden).max(), 0, 1e-9)


@property_("scaled_dot_product_attention", judge=_is_weighted_mean)
def attention_weights(rng: Generator, size: Sizes) -> Iterator[Case]:
    """the weights of a query add up to 1, and hidden keys get none"""
    s = inputs.shape(size)
    q, k, v = inputs.qkv(rng, s)
    # The two last keys are hidden from everyone.  The first value column counts all keys, the second the hidden ones.
    last = np.arange(s.keys) >= s.keys - 2
    mask = inputs.full_mask(rng, s.mask) & ~last
    v[..., 0] = 1.0
    v[..., 1] = last[:, None]
    yield case("two keys hidden from all, some queries see nothing", q, k, v, inputs.with_empty_rows(mask))


@gradients("scaled_dot_product_attention", wrt=(0, 1, 2), needs=("attention_values",))
def attention_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """scaled_dot_product_attention lets JAX differentiate it, with queries that see nothing too"""
    s = inputs.shape(size)
    mask = inputs.full_mask(rng, s.mask)
    yield case("no mask", *inputs.qkv(rng, s), None)
    yield case("another mask in every sequence and head", *inputs.qkv(rng, s), mask)
    yield case("some queries in some heads see no key", *inputs.qkv(rng, s), inputs.with_empty_rows(mask))
    by_query = inputs.whole_rows(rng, 1, 1, s.queries)
    yield case("a key axis of length one: each query sees everything or nothing", *inputs.qkv(rng, s), by_query)


@values("multi_head_attention", needs=("attention_values",))
def multi_head_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """multi_head_attention of a sequence to itself"""
    a = inputs.layer(size)
    params, x = inputs.attention_params(rng, a.stream, a.inner), rng.normal(size=(a.batch, a.queries, a.stream))
    yield case("several heads", params, x, x, None, num_heads=a.heads)
    yield case("another number of heads for the same width", params, x, x, None, num_heads=a.width)
    x = rng.normal(size=(1, a.queries, a.stream))
    yield case("a batch of one, one head", params, x, x, None, num_heads=1)


@values("multi_head_attention", needs=("attention_values",))
def multi_head_cross(rng: Generator, size: Sizes) -> Iterator[Case]:
    """multi_head_attention to another sequence: of another length and width, or of the same"""
    a = inputs.layer(size)
    yield case("another length and width", *inputs.cross(rng, a), None, num_heads=a.heads)
    params = inputs.attention_params(rng, a.stream, a.inner)
    x_q, x_kv = rng.normal(size=(2, a.batch, a.queries, a.stream))
    yield case("another sequence of the same length and width", params, x_q, x_kv, None, num_heads=a.heads)


@values("multi_head_attention", needs=("multi_head_cross", "attention_masked", "attention_empty_rows"))
def multi_head_masked(rng: Generator, size: Sizes) -> Iterator[Case]:
    """multi_head_attention hands the mask on"""
    a = inputs.layer(size)
    padding, nothing = (inputs.padding(rng, a.batch, a.keys, empty) for empty in (False, True))
    yield case("padding among the keys", *inputs.cross(rng, a), padding, num_heads=a.heads)
    yield case("one sequence is nothing but padding", *inputs.cross(rng, a), nothing, num_heads=a.heads)
    mask = inputs.full_mask(rng, (a.batch, a.heads, a.queries, a.keys))
    yield case("another mask in every sequence and head", *inputs.cross(rng, a), mask, num_heads=a.heads)
    by_query = inputs.whole_rows(rng, 1, 1, a.queries)
    label = "a key axis of length one: each query sees everything or nothing"
    yield case(label, *inputs.cross(rng, a), by_query, num_heads=a.heads)


# Not for the parameters: a key bias moves all logits of a query alike, so its gradient is zero but for rounding.
@gradients("multi_head_attention", wrt=(1, 2), needs=("multi_head_cross", "attention_gradient"))
def multi_head_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """multi_head_attention lets JAX differentiate it, for both of its inputs"""
    a = inputs.layer(size)
    for label, empty in (("padding among the keys", False), ("one sequence is nothing but padding", True)):
        yield case(label, *inputs.cross(rng, a), inputs.padding(rng, a.batch, a.keys, empty), num_heads=a.heads)


# --- the encoder block ------------------------------------------------------------------------------------


@values("layer_norm")
def layer_norm_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """layer_norm of every position for itself"""
    batch, time, width = size.apart((2, 3, 4), (5, 3, 9), (8, 5, 12))
    params = inputs.norm_params(rng, width)
    yield case("three axes", params, 3 * rng.normal(size=(batch, time, width)))
    rows, narrow = size.apart((4, 2, 7), (5, 3, 9))
    yield case("two axes, a mean far from 0", inputs.norm_params(rng, narrow), 8 + 3 * rng.normal(size=(rows, narrow)))
    yield case("one axis", params, 3 * rng.normal(size=width))
    yield case("four axes", params, 3 * rng.normal(size=(3, batch, time, width)))


@values("layer_norm", needs=("layer_norm_values",))
def layer_norm_flat(rng: Generator, size: Sizes) -> Iterator[Case]:
    """layer_norm of numbers that are nearly, or exactly, the same"""
    batch, time, width = size.apart((2, 3, 4), (5, 6, 9), (8, 5, 12))
    yield case("spread of 0.003", inputs.norm_params(rng, width), 0.003 * rng.normal(size=(batch, time, width)))
    x = 3 * rng.normal(size=(batch, time, width))
    x[0, 1], x[1, 3] = 2.0, 0.0
    yield case("two positions without any spread", inputs.norm_params(rng, width), x)


@gradients("layer_norm", wrt=(0, 1), needs=("layer_norm_values",))
def layer_norm_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """layer_norm lets JAX differentiate it, through mean and variance"""
    batch, time, width = size.apart((2, 3, 4), (5, 3, 9), (8, 5, 12))
    yield case("three axes", inputs.norm_params(rng, width), 3 * rng.normal(size=(batch, time, width)))


@values("feed_forward")
def feed_forward_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """feed_forward is two layers with gelu between them"""
    a = inputs.layer(size)
    params = inputs.feed_forward_params(rng, a.stream, a.hidden)
    yield case("three axes", params, 2 * rng.normal(size=(a.batch, a.queries, a.stream)))
    yield case("one axis", params, 2 * rng.normal(size=a.stream))


@values("transformer_encoder_block", needs=("multi_head_values", "layer_norm_values", "feed_forward_values"))
def block_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """transformer_encoder_block: normalise, attend, add; normalise, feed forward, add"""
    a = inputs.layer(size)
    params = inputs.block_params(rng, a.stream, a.inner, a.hidden)
    x = 0.5 + 2 * rng.normal(size=(a.batch, a.queries, a.stream))
    yield case("several heads, no mask", params, x, None, num_heads=a.heads)
    x = 0.5 + 2 * rng.normal(size=(1, a.queries, a.stream))
    yield case("a batch of one, one head, no mask", params, x, None, num_heads=1)


@values("transformer_encoder_block", needs=("block_values", "multi_head_masked"))
def block_masked(rng: Generator, size: Sizes) -> Iterator[Case]:
    """transformer_encoder_block hands the mask to its attention"""
    a = inputs.layer(size)
    masks = (
        ("padding at the end", inputs.padding(rng, a.batch, a.queries)),
        ("one sequence is nothing but padding", inputs.padding(rng, a.batch, a.queries, empty=True)),
        ("causal", inputs.causal(a.queries)),
        ("another mask in every sequence and head", inputs.full_mask(rng, (a.batch, a.heads, a.queries, a.queries))),
        ("a key axis of length one: each query sees everything or nothing", inputs.whole_rows(rng, 1, 1, a.queries)),
    )
    for label, mask in masks:
        params = inputs.block_params(rng, a.stream, a.inner, a.hidden)
        x = 0.5 + 2 * rng.normal(size=(a.batch, a.queries, a.stream))
        yield case(label, params, x, mask, num_heads=a.heads)


@gradients("transformer_encoder_block", wrt=(1,), needs=("block_values", "multi_head_gradient", "layer_norm_gradient"))
def block_gradient(rng: Generator, size: Sizes) -> Iterator[Case]:
    """transformer_encoder_block lets JAX differentiate it, for its input"""
    a = inputs.layer(size)
    params = inputs.block_params(rng, a.stream, a.inner, a.hidden)
    x = 0.5 + 2 * rng.normal(size=(a.batch, a.queries, a.stream))
    mask = inputs.padding(rng, a.batch, a.queries, empty=True)
    yield case("one sequence is nothing but padding", params, x, mask, num_heads=a.heads)


# --- decoding ---------------------------------------------------------------------------------------------


@values("decode_step", needs=("attention_masked",))
def decode_step_values(rng: Generator, size: Sizes) -> Iterator[Case]:
    """decode_step extends the cache by one position and attends to the filled part of it"""
    a, room = inputs.layer(size), size(6, 7, 12)
    for label, filled in (
        ("the first place", 0),
        ("a middle place", size(3, 1, room - 2)),
        ("the last place", room - 1),
    ):
        params, cache = inputs.attention_params(rng, a.stream, a.inner), _cache(rng, a, room, filled)
        yield case(label, params, cache, rng.normal(size=(a.batch, a.stream)), num_heads=a.heads)
    params, cache = inputs.attention_params(rng, a.stream, a.inner), inputs.cache(rng, 1, room, 1, a.inner, 2)
    yield case("a batch of one, one head", params, cache, rng.normal(size=(1, a.stream)), num_heads=1)


@trajectory("given.decode", steps=DECODED, needs=("decode_step_values",))
def decode_trajectory(rng: Generator, size: Sizes) -> Iterator[Case]:
    """decode_step fills one place of a cache after the other"""
    a, filled = inputs.layer(size), size(0, 1, 3)
    room = DECODED + filled + size(0, 1, 3)
    state = {"params": inputs.attention_params(rng, a.stream, a.inner), "cache": _cache(rng, a, room, filled)}
    yield case("several heads", state, rng.normal(size=(DECODED, a.batch, a.stream)), num_heads=a.heads)


def _same_twice(output: Any, *args: Any, num_heads: int) -> Iterator[Bound]:
    apart = np.abs(output["step by step"] - output["all at once"]).max(axis=(0, 2))
    size = np.sqrt(np.mean(output["all at once"] ** 2))
    for t, gap in enumerate(apart):
        yield bound(f"largest difference at position {t}", gap, 0, 2e-5 * max(size, 1.0))
    yield bound("size of the result (rms)", size, 1e-3)


@property_("given.decode_and_recompute", judge=_same_twice, needs=("decode_step_values", "multi_head_values"))
def decode_equals_recomputation(rng: Generator, size: Sizes) -> Iterator[Case]:
    """decode_step with its cache gives what multi_head_attention gives for the whole sequence"""
    a, length = inputs.layer(size), size(6, 3, 9)
    params, x = inputs.attention_params(rng, a.stream, a.inner), rng.normal(size=(a.batch, length, a.stream))
    yield case("several heads", params, _cache(rng, a, length + size(0, 1, 3)), x, num_heads=a.heads)


def _cache(rng: Generator, a: inputs.Layer, room: int, filled: int = 0) -> Params:
    return inputs.cache(rng, a.batch, room, a.heads, a.width, filled)


# --- learning and speed -----------------------------------------------------------------------------------

MODEL_PARTS = ("positional_encoding_values", "causal_mask_values", "layer_norm_values", "block_values", "block_masked")


def _letters_right(output: np.ndarray, target: np.ndarray) -> dict[str, float]:
    return {"letters copied right": float(np.mean(np.argmax(output, axis=-1) == target))}


def _model_parts(rng: Generator) -> Iterator[Part]:
    """The functions of the model, at the sizes of its training."""
    length = 2 * LENGTH
    yield part("positional_encoding", "positions of a row", np.arange(length), dim=WIDTH)
    yield part("causal_mask", "positions of a row", length=length)
    x = 0.5 + 2 * rng.normal(size=(ROWS, length, WIDTH))
    params = inputs.block_params(rng, WIDTH, WIDTH, HIDDEN)
    yield part("transformer_encoder_block", "rows of a step", params, x, inputs.causal(length), num_heads=HEADS)
    yield part("layer_norm", "rows of a step", inputs.norm_params(rng, WIDTH), x)


@training(
    init="given.init",
    step="given.train_step",
    predict="given.predict",
    measure=_letters_right,
    parts=_model_parts,
    needs=MODEL_PARTS,
)
def copy_training(rng: Generator) -> Iterator[Task]:
    """a language model of one block, built from your functions, learns to copy words"""
    words = rng.integers(0, LETTERS, size=(HELD_OUT, LENGTH))
    batches = _copy_rows(rng.integers(0, LETTERS, size=(STEPS, ROWS, LENGTH)))
    label = f"{STEPS} steps, words of {LENGTH} letters"
    yield task(label, key(rng), batches=(batches,), held_out=(_copy_rows(words),), target=words, num_heads=HEADS)


def _copy_rows(words: np.ndarray) -> np.ndarray:
    """The word, the separator, and the word again: (..., LENGTH) -> (..., 2 * LENGTH + 1)."""
    separator = np.full((*words.shape[:-1], 1), LETTERS)
    return np.concatenate([words, separator, words], axis=-1)


def _large_block(rng: Generator) -> Iterator[Case]:
    batch, length, width = LARGE
    params = inputs.block_params(rng, width, width, 2 * width)
    yield case(
        f"{batch} sequences of {length}, 4 heads", params, rng.normal(size=LARGE), inputs.causal(length), num_heads=4
    )


@throughput("transformer_encoder_block", needs=("block_values", "block_masked"))
def block_speed(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block of longer sequences takes no longer than the reference's"""
    yield from _large_block(rng)


@cost("transformer_encoder_block", needs=("block_values", "block_masked"))
def block_cost(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block needs no more operations and memory than the reference's"""
    yield from _large_block(rng)
