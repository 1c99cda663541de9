"""Arrays as bytes, for the pipe between an evaluator and its worker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def as_bytes(arrays: Sequence[np.ndarray]) -> bytes:
    """Join arrays of any shape and dtype, in C order, without their shapes."""
    return b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)


def from_bytes(data: bytes, at: int, shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, int]:
    """Read one array that starts at byte ``at``; the worker sends bfloat16 as float32.

    Returns:
      A read-only view of the data of the given shape, float32 for bfloat16, and the byte after it.

    Raises:
      ValueError: the data end before the array does.
    """
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype)
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(data, kind, count, at).reshape(shape), at + count * kind.itemsize
