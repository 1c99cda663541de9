"""Draw the inputs of the checks: sizes that cannot be mixed up, masks, parameters and caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks import Generator, Sizes

Params = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """The sizes of one call of attention; no two of them are equal."""

    batch: int
    queries: int
    keys: int
    heads: int
    width: int  # of a query and a key
    value: int

    @property
    def mask(self) -> tuple[int, int, int, int]:
        return self.batch, self.heads, self.queries, self.keys


@dataclass(frozen=True)
class Layer:
    """The sizes of multi-head attention, of a block or of a decoder."""

    batch: int
    queries: int
    keys: int
    stream: int  # width of the stream that queries come from
    other: int  # width of the stream that keys and values come from
    heads: int
    width: int  # of one head
    hidden: int  # of the feed-forward part

    @property
    def inner(self) -> int:
        """Width of all heads together."""
        return self.heads * self.width


# Heads and width of a head.
HEADS = ((2, 3), (3, 2), (2, 4), (4, 2), (3, 4), (4, 3), (2, 5), (5, 2))


def shape(size: Sizes) -> Shape:
    """Choose the sizes of attention: more keys than queries as printed, either way in a hidden draw."""
    return Shape(*size.apart((2, 3, 4), (5, 4, 9), (7, 5, 11), (3, 2, 5), (4, 2, 9), (6, 2, 9)))


def few_keys(size: Sizes) -> Shape:
    """Choose the sizes of attention so that a hidden draw has more queries than keys."""
    return Shape(*size.apart((2, 3, 4), (5, 6, 9), (7, 3, 5), (3, 2, 5), (4, 2, 9), (6, 2, 9)))


def layer(size: Sizes) -> Layer:
    """Choose the sizes of a layer; as printed the other stream is longer and narrower, in a hidden draw the reverse."""
    batch, queries, keys = size.apart((2, 3, 4), (5, 6, 9), (7, 3, 5))
    stream, other = size.apart((8, 4, 6), (5, 7, 10))
    heads, width = size.one(*HEADS)
    return Layer(batch, queries, keys, stream, other, heads, width, size(16, 13, 20))


def qkv(rng: Generator, s: Shape, gain: float = 1.0, keys: int | None = None) -> tuple[np.ndarray, ...]:
    keys = s.keys if keys is None else keys
    q = gain * rng.normal(size=(s.batch, s.queries, s.heads, s.width))
    k = gain * rng.normal(size=(s.batch, keys, s.heads, s.width))
    return q, k, rng.normal(size=(s.batch, keys, s.heads, s.value))


# --- masks: the axes are (batch, heads, queries, keys) -----------------------------------------------------


def full_mask(rng: Generator, axes: tuple[int, int, int, int]) -> np.ndarray:
    """A mask of its own for every sequence, head and query; each sees about half of the keys, or more."""
    batch, heads, queries, keys = axes
    seen = rng.integers(max(1, keys // 2), keys - 1, size=(batch, heads, queries, 1))
    order = rng.permuted(np.broadcast_to(np.arange(keys), axes), axis=-1)
    return order < seen


def one_key(rng: Generator, s: Shape) -> np.ndarray:
    return np.arange(s.keys) == rng.integers(0, s.keys, size=(*s.mask[:3], 1))


def with_empty_rows(mask: np.ndarray) -> np.ndarray:
    mask = mask.copy()
    mask[0, 1, mask.shape[2] // 2] = mask[1, 0, 0] = mask[-1, -1, -1] = False
    return mask


def padding(rng: Generator, batch: int, keys: int, empty: bool = False) -> np.ndarray:
    """Padding at the end of the keys: much in one sequence, in another one key of it, or nothing else."""
    lengths = rng.integers(1, keys, size=batch)
    lengths[0], lengths[1] = rng.integers(1, keys - 1), 0 if empty else keys - 1
    return (np.arange(keys) < rng.permutation(lengths)[:, None])[:, None, None, :]


def causal(length: int) -> np.ndarray:
    return np.tri(length, dtype=bool)[None, None]


def whole_rows(rng: Generator, *axes: int) -> np.ndarray:
    """A mask whose last axis has length 1: a row is visible as a whole, or not at all, and both occur."""
    shape = (*axes, 1)
    return (rng.permutation(np.arange(np.prod(shape))) % 2 == 0).reshape(shape)


# --- large scores -----------------------------------------------------------------------------------------


def logits(rng: Generator, s: Shape, largest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries and keys whose logits lie thousands apart, so that one visible key gets all the weight."""
    q, k, v = qkv(rng, s)
    levels = rng.permuted(np.broadcast_to(np.linspace(-1, 1, s.keys), (s.batch, s.heads, s.keys)), axis=-1)
    signs = rng.choice([-1.0, 1.0], size=(s.batch, s.queries, s.heads))
    along = np.sqrt(largest / np.sqrt(s.width))  # so that level * sign * largest is the logit
    return q * 0.5 + along * signs[..., None], k * 0.5 + along * levels.transpose(0, 2, 1)[..., None], v


def trap(rng: Generator, s: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Hidden keys that fit far better than visible ones; the same keys are hidden from all queries of a head."""
    q, k, v = qkv(rng, s)
    order = rng.permuted(np.broadcast_to(np.arange(s.keys), (s.batch, s.heads, 1, s.keys)), axis=-1)
    visible = order < s.keys // 2 + 1
    sign = np.where(visible[:, :, 0], -1.0, 1.0).transpose(0, 2, 1)[..., None]
    along = np.sqrt(300 / np.sqrt(s.width))
    return q * 0.1 + along, k * 0.1 + along * sign, v, np.broadcast_to(visible, s.mask).copy()


# --- parameters -------------------------------------------------------------------------------------------


def attention_params(rng: Generator, stream: int, inner: int, other: int | None = None) -> Params:
    other = stream if other is None else other
    shapes = {"q": (stream, inner), "k": (other, inner), "v": (other, inner), "o": (inner, stream)}
    params: Params = {}
    for name, (i, o) in shapes.items():
        # Larger than at the start of training, so that the weights are far from equal.
        params["w" + name] = (1.5 if name in "qk" else 1.0) * rng.normal(size=(i, o)) / np.sqrt(i)
        params["b" + name] = 0.5 * rng.normal(size=o)
    return params


def cross(rng: Generator, a: Layer) -> tuple[Params, np.ndarray, np.ndarray]:
    params = attention_params(rng, a.stream, a.inner, a.other)
    return params, rng.normal(size=(a.batch, a.queries, a.stream)), rng.normal(size=(a.batch, a.keys, a.other))


def norm_params(rng: Generator, width: int) -> Params:
    return {"scale": 1 + 0.5 * rng.normal(size=width), "bias": 0.5 * rng.normal(size=width)}


def feed_forward_params(rng: Generator, width: int, hidden: int) -> Params:
    return {
        "w1": rng.normal(size=(width, hidden)) / np.sqrt(width),
        "b1": 0.5 * rng.normal(size=hidden),
        "w2": rng.normal(size=(hidden, width)) / np.sqrt(hidden),
        "b2": 0.5 * rng.normal(size=width),
    }


def block_params(rng: Generator, width: int, inner: int, hidden: int) -> Params:
    return {
        "norm1": norm_params(rng, width),
        "attention": attention_params(rng, width, inner),
        "norm2": norm_params(rng, width),
        "feed_forward": feed_forward_params(rng, width, hidden),
    }


def cache(rng: Generator, batch: int, room: int, heads: int, width: int, filled: int = 0) -> Params:
    """A cache whose unfilled positions hold large leftovers, which must not matter."""
    axes = (batch, room, heads, width)
    return {"k": 2 * rng.normal(size=axes), "v": 5 * rng.normal(size=axes), "length": np.int32(filled)}
