"""The options that the handout documents: hidden cases try each of their values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from autograder.checks import Case, Option, covers, option

# The axes of a mask, as positions in it.
AXES = ("batch", "heads", "queries", "keys")


def _mask_axes(argument: int, sizes: Callable[[Case], tuple[int, int, int, int]]) -> tuple[Option, ...]:
    """Each axis of a mask has length 1, or that of the scores; where both are the same, neither is tried."""

    def of(axis: int) -> Callable[[Case], str | None]:
        def value(case: Case) -> str | None:
            mask, whole = case.args[argument], sizes(case)[axis]
            if mask is None or whole == 1:
                return None
            return "of length 1" if mask.shape[axis] == 1 else "whole"

        return value

    return tuple(option(f"mask over {name}", ("whole", "of length 1"), of(axis)) for axis, name in enumerate(AXES))


def _mask(argument: int) -> Option:
    return option("mask", ("None", "given"), lambda case: "None" if case.args[argument] is None else "given")


def _count(name: str, of: Callable[[Case], int]) -> Option:
    return option(name, ("one", "several"), lambda case: "one" if of(case) == 1 else "several")


def _axes_of(argument: int, *counts: str) -> Option:
    names = ("one", "two", "three", "four")
    return option("axes of x", counts, lambda case: names[case.args[argument].ndim - 1])


def _visible(case: Case) -> str | None:
    """Whether every query sees a key."""
    mask = case.args[3]
    return None if mask is None else "some" if mask.any(axis=-1).all() else "none for some queries"


# --- attention ---

_attention_axes = _mask_axes(
    3, lambda case: (case.args[0].shape[0], case.args[0].shape[2], case.args[0].shape[1], case.args[1].shape[1])
)
_multi_head_axes = _mask_axes(
    3, lambda case: (case.args[1].shape[0], case.static["num_heads"], case.args[1].shape[1], case.args[2].shape[1])
)
_block_axes = _mask_axes(
    2, lambda case: (case.args[1].shape[0], case.static["num_heads"], case.args[1].shape[1], case.args[1].shape[1])
)
_keys_seen = option("visible keys", ("some", "none for some queries"), _visible)
_heads = _count("heads", lambda case: case.static["num_heads"])


def _places(case: Case) -> str:
    filled, room = int(case.args[1]["length"]), case.args[1]["k"].shape[1]
    return "first" if filled == 0 else "last" if filled == room - 1 else "middle"


COVERAGES = (
    covers(
        "positional_encoding",
        _count("positions", lambda case: len(case.args[0])),
        _count("pairs", lambda case: case.static["dim"] // 2),
        option(
            "distance",
            ("below 512", "512 and above"),
            lambda c: "below 512" if c.args[0].max() < 512 else "512 and above",
        ),
    ),
    covers(
        "causal_mask",
        option(
            "length",
            ("one", "up to 8", "above 8"),
            lambda case: (
                "one" if case.static["length"] == 1 else "up to 8" if case.static["length"] <= 8 else "above 8"
            ),
        ),
    ),
    covers(
        "padding_mask",
        _count("sequences", lambda case: len(case.args[0])),
        option("empty sequence", ("yes", "no"), lambda case: "no" if case.args[0].all() else "yes"),
        option("full sequence", ("yes", "no"), lambda c: "yes" if c.args[0].max() == c.static["size"] else "no"),
    ),
    covers(
        "scaled_dot_product_attention",
        _mask(3),
        *_attention_axes,
        _keys_seen,
        _count("sequences", lambda case: case.args[0].shape[0]),
        _count("heads", lambda case: case.args[0].shape[2]),
        _count("queries", lambda case: case.args[0].shape[1]),
        _count("keys", lambda case: case.args[1].shape[1]),
        together=list(combinations(_attention_axes, 2)),
    ),
    covers(
        "multi_head_attention",
        _mask(3),
        *_multi_head_axes,
        _keys_seen,
        _heads,
        _count("sequences", lambda case: case.args[1].shape[0]),
        option(
            "keys from",
            ("the same sequence", "another of its shape", "another of another shape"),
            lambda case: (
                "another of another shape"
                if case.args[1].shape != case.args[2].shape
                else "the same sequence"
                if np.array_equal(case.args[1], case.args[2])
                else "another of its shape"
            ),
        ),
    ),
    covers("layer_norm", _axes_of(1, "one", "two", "three", "four")),
    covers("feed_forward", _axes_of(1, "one", "three")),
    covers(
        "transformer_encoder_block",
        _mask(2),
        *_block_axes,
        _heads,
        _count("sequences", lambda case: case.args[1].shape[0]),
    ),
    covers(
        "decode_step",
        _heads,
        _count("sequences", lambda case: case.args[2].shape[0]),
        option("place", ("first", "middle", "last"), _places),
    ),
)
