"""Run a training loop of programs, in the process that holds the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

CHUNKS = 20


class Trainer:
    """Three functions on flat arrays, compiled once and run for any number of seeds.

    Args:
      init: ``(key) -> state leaves``; the key is uint32 of shape ``[2]``.
      step: ``(*state leaves, *row leaves) -> (*state leaves, loss)``; the loss is a scalar, the state keeps
        its shapes and dtypes.
      predict: ``(*state leaves, *held-out leaves) -> output leaves``.
      carried: number of state leaves.
    """

    def __init__(self, init: Callable[..., Any], step: Callable[..., Any], predict: Callable[..., Any], carried: int):
        self.compile_seconds = 0.0
        self._carried = carried
        self._init, self._predict = jax.jit(init), jax.jit(predict)

        def chunk(state: list[Any], rows: list[Any]) -> tuple[list[Any], Any]:
            def body(carry: list[Any], row: list[Any]) -> tuple[list[Any], Any]:
                out = list(step(*carry, *row))
                return out[:carried], out[carried]

            return jax.lax.scan(body, state, rows)

        self._chunk = jax.jit(chunk)

    def train(
        self,
        key: np.ndarray,
        batches: Sequence[np.ndarray],
        held_out: Sequence[np.ndarray],
        progress: Callable[[int, float], None] = lambda step, loss: None,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Train from one key.

        Args:
          key: uint32 of shape ``[2]``.
          batches: arrays of shape ``[steps, ...]``; each step takes one row of each.
          held_out: inputs of the prediction.
          progress: told the number of steps done and the last loss, about twenty times.

        Returns:
          The loss of every step, float32 of shape ``[steps]``, and the leaves of the prediction.
        """
        state = list(self._init(key))
        steps = batches[0].shape[0]
        # Chunks of equal size are compiled once.
        size = steps // next(n for n in range(min(CHUNKS, steps), 0, -1) if steps % n == 0)
        losses = []
        started = time.perf_counter()
        for at in range(0, steps, size):
            state, part = self._chunk(state, [b[at : at + size] for b in batches])
            losses.append(np.asarray(part, np.float32).reshape(-1))
            if at == 0:
                self.compile_seconds = time.perf_counter() - started
            progress(min(at + size, steps), float(losses[-1][-1]))
        output = self._predict(*state, *held_out)
        return np.concatenate(losses), [np.asarray(leaf) for leaf in output]
