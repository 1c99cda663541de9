"""What is checked in the assignment, in plain sight.  Inputs are drawn anew for every grading run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import (
    Bound,
    Case,
    Generator,
    Task,
    bound,
    case,
    cost,
    gradients,
    key,
    property_,
    task,
    throughput,
    training,
    trajectory,
    values,
)

# No two sizes are equal where they could be mixed up: batch, queries, keys, heads, width of a key, of a value.
B, T, S, H, D, DV = 2, 5, 7, 3, 4, 6
MODEL, OTHER, INNER = 8, 5, 6  # widths of multi-head attention: stream, other stream, all heads together
ROOM = 6  # positions in a cache
LETTERS, LENGTH = 8, 6  # of the copying task, as in given.py
STEPS, ROWS, HELD_OUT = 100, 32, 256
LARGE = (8, 64, 128)  # batch, positions and width where speed counts

Params = dict[str, Any]


# --- positions and masks ----------------------------------------------------------------------------------


@values("positional_encoding")
def positional_encoding_values(rng: Generator) -> Iterator[Case]:
    """positional_encoding alternates sine and cosine, each pair slower than the one before"""
    yield case("positions 0 to 19 in any order, 8 wide", rng.permutation(20), dim=8)
    yield case("7 positions, 6 wide", rng.choice(40, size=7, replace=False), dim=6)


@values("positional_encoding", needs=("positional_encoding_values",))
def positional_encoding_far(rng: Generator) -> Iterator[Case]:
    """positional_encoding of positions near 500"""
    yield case("positions 500 to 519, 8 wide", 500 + rng.permutation(20), dim=8)


@values("causal_mask", draws=1)
def causal_mask_values(rng: Generator) -> Iterator[Case]:
    """causal_mask shows each position itself and the earlier ones"""
    yield case("6 positions", length=6)
    yield case("a single position", length=1)


@values("padding_mask")
def padding_mask_values(rng: Generator) -> Iterator[Case]:
    """padding_mask shows the real keys and hides the padding"""
    yield case("five sequences, an empty and a full one among them", rng.permutation([0, 1, 3, 6, S]), size=S)


# --- attention --------------------------------------------------------------------------------------------


@values("scaled_dot_product_attention")
def attention_values(rng: Generator) -> Iterator[Case]:
    """scaled_dot_product_attention without a mask"""
    yield case("5 queries, 7 keys, values wider than keys", *_qkv(rng), None)
    yield case("queries and keys twice as large", *_qkv(rng, 2.0), None)


@values("scaled_dot_product_attention", needs=("attention_values",))
def attention_masked(rng: Generator) -> Iterator[Case]:
    """scaled_dot_product_attention looks only where the mask says True"""
    yield case("another mask in every sequence and head", *_qkv(rng), _mask(rng))
    yield case("padding: one mask for all heads and queries", *_qkv(rng), _padding(rng))
    yield case("causal: one mask for all sequences and heads", *_qkv(rng, keys=T), np.tri(T, dtype=bool)[None, None])
    yield case("one key in sight of each query", *_qkv(rng), _one_key(rng))
    q, k, v = rng.normal(size=(1, 1, 1, D)), rng.normal(size=(1, 2, 1, D)), rng.normal(size=(1, 2, 1, DV))
    yield case("a single query, one of two keys hidden", q, k, v, rng.permuted([True, False]).reshape(1, 1, 1, 2))


@values("scaled_dot_product_attention", needs=("attention_values", "attention_masked"))
def attention_large(rng: Generator) -> Iterator[Case]:
    """scaled_dot_product_attention of logits in the thousands stays finite"""
    q, k, v = _logits(rng, 9876.5)
    yield case("logits up to 10,000 and down to -10,000", q, k, v, _mask(rng))
    q, k, v = _logits(rng, 9876.5)
    yield case("the same without a mask", q, k, v, None)
    yield case("all visible logits near -300, all hidden ones near 300", *_trap(rng))


@values("scaled_dot_product_attention", needs=("attention_values",))
def attention_empty_rows(rng: Generator) -> Iterator[Case]:
    """scaled_dot_product_attention of a query that may look at nothing is zero, not NaN"""
    yield case("some queries in some heads see no key", *_qkv(rng), _with_empty_rows(_mask(rng)))
    yield case("one sequence is nothing but padding", *_qkv(rng), _padding(rng, empty=True))


def _is_weighted_mean(output: Any, q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray) -> Iterator[Bound]:
    sees_any = mask.any(axis=-1).transpose(0, 2, 1)  # (B, H, T) -> (B, T, H), as in the output
    total, hidden = output[..., 0], output[..., 1]
    yield bound("smallest sum of the weights of a query", total[sees_any].min(), 1 - 1e-5)
    yield bound("largest sum of the weights of a query", total[sees_any].max(), high=1 + 1e-5)
    yield bound("largest total weight of a query that may look at nothing", np.abs(total[~sees_any]).max(), 0, 0)
    yield bound("largest total weight on keys that are hidden", np.abs(hidden).max(), 0, 1e-9)


@property_("scaled_dot_product_attention", judge=_is_weighted_mean)
def attention_weights(rng: Generator) -> Iterator[Case]:
    """the weights of a query add up to 1, and hidden keys get none"""
    q, k, v = _qkv(rng)
    # The two last keys are hidden from everyone.  The first value column counts all keys, the second the hidden ones.
    mask = _mask(rng)
    mask[..., -2:] = False
    v[..., 0] = 1.0
    v[..., 1] = np.array([0, 0, 0, 0, 0, 1, 1])[:, None]
    yield case("two keys hidden from all, one query sees nothing", q, k, v, _with_empty_rows(mask))


@gradients("scaled_dot_product_attention", wrt=(0, 1, 2), needs=("attention_values",))
def attention_gradient(rng: Generator) -> Iterator[Case]:
    """scaled_dot_product_attention lets JAX differentiate it, with queries that see nothing too"""
    yield case("no mask", *_qkv(rng), None)
    yield case("another mask in every sequence and head", *_qkv(rng), _mask(rng))
    yield case("some queries in some heads see no key", *_qkv(rng), _with_empty_rows(_mask(rng)))


@values("multi_head_attention", needs=("attention_values",))
def multi_head_values(rng: Generator) -> Iterator[Case]:
    """multi_head_attention of a sequence to itself"""
    params, x = _attention_params(rng), rng.normal(size=(B, T, MODEL))
    yield case("2 heads of width 3, no mask", params, x, x, None, num_heads=2)
    yield case("3 heads of width 2, no mask", params, x, x, None, num_heads=3)


@values("multi_head_attention", needs=("attention_values",))
def multi_head_cross(rng: Generator) -> Iterator[Case]:
    """multi_head_attention to another sequence: of another length and width"""
    yield case("5 queries of width 8, 7 keys of width 5", *_cross(rng), None, num_heads=2)


@values("multi_head_attention", needs=("multi_head_cross", "attention_masked", "attention_empty_rows"))
def multi_head_masked(rng: Generator) -> Iterator[Case]:
    """multi_head_attention hands the mask on"""
    yield case("padding among the keys", *_cross(rng), _padding(rng), num_heads=2)
    yield case("one sequence is nothing but padding", *_cross(rng), _padding(rng, empty=True), num_heads=2)
    yield case("another mask in every sequence and head", *_cross(rng), _mask(rng, heads=2), num_heads=2)


# Not for the parameters: a key bias moves all logits of a query alike, so its gradient is zero but for rounding.
@gradients("multi_head_attention", wrt=(1, 2), needs=("multi_head_cross", "attention_gradient"))
def multi_head_gradient(rng: Generator) -> Iterator[Case]:
    """multi_head_attention lets JAX differentiate it, for both of its inputs"""
    yield case("padding among the keys", *_cross(rng), _padding(rng), num_heads=2)
    yield case("one sequence is nothing but padding", *_cross(rng), _padding(rng, empty=True), num_heads=2)


# --- the encoder block ------------------------------------------------------------------------------------


@values("layer_norm")
def layer_norm_values(rng: Generator) -> Iterator[Case]:
    """layer_norm of every position for itself"""
    yield case("2 sequences, 5 positions, width 8", _norm_params(rng, MODEL), 3 * rng.normal(size=(B, T, MODEL)))
    yield case("4 rows of width 5, mean 8", _norm_params(rng, 5), 8 + 3 * rng.normal(size=(4, 5)))


@values("layer_norm", needs=("layer_norm_values",))
def layer_norm_flat(rng: Generator) -> Iterator[Case]:
    """layer_norm of numbers that are nearly, or exactly, the same"""
    yield case("spread of 0.003", _norm_params(rng, MODEL), 0.003 * rng.normal(size=(B, T, MODEL)))
    x = 3 * rng.normal(size=(B, T, MODEL))
    x[0, 1], x[1, 3] = 3.0, 0.0
    yield case("two positions without any spread", _norm_params(rng, MODEL), x)


@gradients("layer_norm", wrt=(0, 1), needs=("layer_norm_values",))
def layer_norm_gradient(rng: Generator) -> Iterator[Case]:
    """layer_norm lets JAX differentiate it, through mean and variance"""
    yield case("2 sequences, 5 positions, width 8", _norm_params(rng, MODEL), 3 * rng.normal(size=(B, T, MODEL)))


@values("feed_forward")
def feed_forward_values(rng: Generator) -> Iterator[Case]:
    """feed_forward is two layers with gelu between them"""
    yield case("8 -> 16 -> 8", _feed_forward_params(rng), 2 * rng.normal(size=(B, T, MODEL)))


@values("transformer_encoder_block", needs=("multi_head_values", "layer_norm_values", "feed_forward_values"))
def block_values(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block: normalise, attend, add; normalise, feed forward, add"""
    yield case("2 heads, no mask", _block_params(rng), 0.5 + 2 * rng.normal(size=(B, T, MODEL)), None, num_heads=2)


@values("transformer_encoder_block", needs=("block_values", "multi_head_masked"))
def block_masked(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block hands the mask to its attention"""
    for label, empty in (("padding at the end", False), ("one sequence is nothing but padding", True)):
        x = 0.5 + 2 * rng.normal(size=(B, T, MODEL))
        yield case(label, _block_params(rng), x, _padding(rng, T, empty), num_heads=2)


@gradients("transformer_encoder_block", wrt=(1,), needs=("block_values", "multi_head_gradient", "layer_norm_gradient"))
def block_gradient(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block lets JAX differentiate it, for its input"""
    x = 0.5 + 2 * rng.normal(size=(B, T, MODEL))
    yield case("one sequence is nothing but padding", _block_params(rng), x, _padding(rng, T, True), num_heads=2)


# --- decoding ---------------------------------------------------------------------------------------------


@values("decode_step", needs=("attention_masked",))
def decode_step_values(rng: Generator) -> Iterator[Case]:
    """decode_step extends the cache by one position and attends to the filled part of it"""
    for label, length in (("the first position", 0), ("position 3 of 6", 3), ("the last position", ROOM - 1)):
        params, cache = _attention_params(rng, MODEL), _cache(rng, length)
        yield case(label, params, cache, rng.normal(size=(B, MODEL)), num_heads=2)


@trajectory("given.decode", steps=ROOM, needs=("decode_step_values",))
def decode_trajectory(rng: Generator) -> Iterator[Case]:
    """decode_step fills a cache from its first position to its last"""
    state = {"params": _attention_params(rng, MODEL), "cache": _cache(rng, 0)}
    yield case("6 positions, 2 heads", state, rng.normal(size=(ROOM, B, MODEL)), num_heads=2)


def _same_twice(output: Any, *args: Any, num_heads: int) -> Iterator[Bound]:
    apart = np.abs(output["step by step"] - output["all at once"]).max(axis=(0, 2))
    size = np.sqrt(np.mean(output["all at once"] ** 2))
    for t, gap in enumerate(apart):
        yield bound(f"largest difference at position {t}", gap, 0, 2e-5 * max(size, 1.0))
    yield bound("size of the result (rms)", size, 1e-3)


@property_("given.decode_and_recompute", judge=_same_twice, needs=("decode_step_values", "multi_head_values"))
def decode_equals_recomputation(rng: Generator) -> Iterator[Case]:
    """decode_step with its cache gives what multi_head_attention gives for the whole sequence"""
    params, x = _attention_params(rng, MODEL), rng.normal(size=(B, ROOM, MODEL))
    yield case("6 positions, 2 heads", params, _cache(rng, 0), x, num_heads=2)


# --- learning and speed -----------------------------------------------------------------------------------

MODEL_PARTS = ("positional_encoding_values", "causal_mask_values", "layer_norm_values", "block_values", "block_masked")


def _letters_right(output: np.ndarray, target: np.ndarray) -> dict[str, float]:
    return {"letters copied right": float(np.mean(np.argmax(output, axis=-1) == target))}


@training(
    init="given.init",
    step="given.train_step",
    predict="given.predict",
    measure=_letters_right,
    needs=MODEL_PARTS,
)
def copy_training(rng: Generator) -> Iterator[Task]:
    """a language model of one block, built from your functions, learns to copy words"""
    words = rng.integers(0, LETTERS, size=(HELD_OUT, LENGTH))
    batches = _copy_rows(rng.integers(0, LETTERS, size=(STEPS, ROWS, LENGTH)))
    label = f"{STEPS} steps, words of {LENGTH} letters"
    yield task(label, key(rng), batches=(batches,), held_out=(_copy_rows(words),), target=words, num_heads=4)


def _large_block(rng: Generator) -> Iterator[Case]:
    batch, length, width = LARGE
    params = _block_params(rng, width, width)
    causal = np.tri(length, dtype=bool)[None, None]
    yield case(f"{batch} sequences of {length}, 4 heads", params, rng.normal(size=LARGE), causal, num_heads=4)


@throughput("transformer_encoder_block", needs=("block_values", "block_masked"))
def block_speed(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block of longer sequences takes no longer than the reference's"""
    yield from _large_block(rng)


@cost("transformer_encoder_block", needs=("block_values", "block_masked"))
def block_cost(rng: Generator) -> Iterator[Case]:
    """transformer_encoder_block needs no more operations and memory than the reference's"""
    yield from _large_block(rng)


# --- drawing inputs ---------------------------------------------------------------------------------------


def _qkv(rng: Generator, gain: float = 1.0, keys: int = S) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    q, k = gain * rng.normal(size=(B, T, H, D)), gain * rng.normal(size=(B, keys, H, D))
    return q, k, rng.normal(size=(B, keys, H, DV))


def _mask(rng: Generator, heads: int = H) -> np.ndarray:
    """A mask of its own for every sequence, head and query; each sees three to five keys."""
    seen = rng.integers(3, 6, size=(B, heads, T, 1))
    order = rng.permuted(np.broadcast_to(np.arange(S), (B, heads, T, S)), axis=-1)
    return order < seen


def _one_key(rng: Generator) -> np.ndarray:
    return np.arange(S) == rng.integers(0, S, size=(B, H, T, 1))


def _with_empty_rows(mask: np.ndarray) -> np.ndarray:
    mask = mask.copy()
    mask[0, 1, 2] = mask[1, 0, 0] = mask[1, 2, 4] = False
    return mask


def _padding(rng: Generator, keys: int = S, empty: bool = False) -> np.ndarray:
    """Padding at the end of the keys, of another length in each sequence."""
    lengths = np.array([2 + rng.integers(0, 2), 0 if empty else keys - 1])
    return (np.arange(keys) < rng.permutation(lengths)[:, None])[:, None, None, :]


def _logits(rng: Generator, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries and keys whose logits lie thousands apart, so that one visible key gets all the weight."""
    q, k, v = _qkv(rng)
    levels = rng.permuted(np.broadcast_to(np.linspace(-1, 1, S), (B, H, S)), axis=-1).transpose(0, 2, 1)
    signs = rng.choice([-1.0, 1.0], size=(B, T, H))
    along = np.sqrt(size / np.sqrt(D))  # so that level * sign * size is the logit
    return q * 0.5 + along * signs[..., None], k * 0.5 + along * levels[..., None], v


def _trap(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Hidden keys that fit far better than visible ones; the same keys are hidden from all queries of a head."""
    q, k, v = _qkv(rng)
    order = rng.permuted(np.broadcast_to(np.arange(S), (B, H, 1, S)), axis=-1)
    mask = np.broadcast_to(order < 4, (B, H, T, S)).copy()
    sign = np.where(order[:, :, 0] < 4, -1.0, 1.0).transpose(0, 2, 1)[..., None]
    along = np.sqrt(300 / np.sqrt(D))
    return q * 0.1 + along, k * 0.1 + along * sign, v, mask


def _attention_params(rng: Generator, other: int = MODEL, width: int = MODEL, inner: int = INNER) -> Params:
    shapes = {"q": (width, inner), "k": (other, inner), "v": (other, inner), "o": (inner, width)}
    params: Params = {}
    for name, (i, o) in shapes.items():
        # Larger than at the start of training, so that the weights are far from equal.
        params["w" + name] = (1.5 if name in "qk" else 1.0) * rng.normal(size=(i, o)) / np.sqrt(i)
        params["b" + name] = 0.5 * rng.normal(size=o)
    return params


def _cross(rng: Generator) -> tuple[Params, np.ndarray, np.ndarray]:
    return _attention_params(rng, OTHER), rng.normal(size=(B, T, MODEL)), rng.normal(size=(B, S, OTHER))


def _norm_params(rng: Generator, width: int) -> Params:
    return {"scale": 1 + 0.5 * rng.normal(size=width), "bias": 0.5 * rng.normal(size=width)}


def _feed_forward_params(rng: Generator, width: int = MODEL) -> Params:
    return {
        "w1": rng.normal(size=(width, 2 * width)) / np.sqrt(width),
        "b1": 0.5 * rng.normal(size=2 * width),
        "w2": rng.normal(size=(2 * width, width)) / np.sqrt(2 * width),
        "b2": 0.5 * rng.normal(size=width),
    }


def _block_params(rng: Generator, width: int = MODEL, inner: int = INNER) -> Params:
    return {
        "norm1": _norm_params(rng, width),
        "attention": _attention_params(rng, width, width, inner),
        "norm2": _norm_params(rng, width),
        "feed_forward": _feed_forward_params(rng, width),
    }


def _cache(rng: Generator, length: int) -> Params:
    """A cache whose unfilled positions hold large leftovers, which must not matter."""
    shape = (B, ROOM, 2, INNER // 2)
    return {"k": 2 * rng.normal(size=shape), "v": 5 * rng.normal(size=shape), "length": np.int32(length)}


def _copy_rows(words: np.ndarray) -> np.ndarray:
    """The word, the separator, and the word again: (..., LENGTH) -> (..., 2 * LENGTH + 1)."""
    separator = np.full((*words.shape[:-1], 1), LETTERS)
    return np.concatenate([words, separator, words], axis=-1)
