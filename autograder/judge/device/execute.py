"""Compile several array functions into one executable and feed it.

One compilation for a whole submission costs a fraction of one per function, and compiler options that
skip what only makes programs fast halve it again: correctness needs no fast code.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

# What only makes CPU code fast, left out: compiling takes a third of the time.
QUICK: dict[str, str | bool] = {
    "xla_backend_optimization_level": "0",
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": "1",
}


class TooLargeError(MemoryError):
    """The compiled program would need more memory than it may use."""


@dataclass(frozen=True)
class Job:
    """A function on flat lists of arrays, and the lists of inputs to run it on, one after the other.

    With ``steps`` the function is scanned: its first ``carried`` outputs become the first inputs of the
    next step, the other inputs have ``steps`` as leading axis, and all outputs are stacked.
    """

    function: Callable[..., Sequence[Any]]
    rounds: Sequence[Sequence[np.ndarray]]
    steps: int = 0
    carried: int = 0


def run(
    jobs: Sequence[Job], max_bytes: int | None = None, on_compiled: Callable[[], object] = lambda: None
) -> list[list[list[np.ndarray]]]:
    """Run every job on all its rounds, compiled together.

    Args:
      jobs: functions with their inputs.
      max_bytes: largest size of temporary arrays and outputs; None for no limit.
      on_compiled: called between compiling and running.

    Returns:
      Outputs by job, round and leaf, in the dtypes that the functions return.

    Raises:
      TooLargeError: the compiled program needs more than ``max_bytes``; it was not run.
    """
    if not jobs:
        return []
    longest = max(len(job.rounds) for job in jobs)
    batches = [[list(job.rounds[min(i, len(job.rounds) - 1)]) for job in jobs] for i in range(longest)]

    def together(batch: list[list[Any]]) -> list[list[Any]]:
        return [_apply(job, inputs) for job, inputs in zip(jobs, batch, strict=True)]

    options = _known_options() if jax.default_backend() == "cpu" else None
    compiled = jax.jit(together).lower(batches[0]).compile(compiler_options=options)
    if max_bytes is not None:
        analysis = compiled.memory_analysis()
        needed = (analysis.temp_size_in_bytes + analysis.output_size_in_bytes) if analysis is not None else 0
        if needed > max_bytes:
            raise TooLargeError(f"{needed >> 20} MB of temporary memory, {max_bytes >> 20} MB allowed")
    on_compiled()
    results = [[[np.asarray(leaf) for leaf in leaves] for leaves in compiled(batch)] for batch in batches]
    return [[results[i][j] for i in range(len(job.rounds))] for j, job in enumerate(jobs)]


@functools.cache
def _known_options() -> dict[str, str | bool]:
    """Return the options of QUICK that this version of XLA knows: XLA adds and removes options."""
    known = {}
    for name, value in QUICK.items():
        try:
            jax.jit(lambda x: x).lower(np.float32(0)).compile(compiler_options={name: value})
        except Exception:
            continue
        known[name] = value
    return known


def _apply(job: Job, inputs: list[Any]) -> list[Any]:
    if not job.steps:
        return list(job.function(*inputs))

    def step(carry: list[Any], row: list[Any]) -> tuple[list[Any], list[Any]]:
        out = list(job.function(*carry, *row))
        return out[: job.carried], out

    return jax.lax.scan(step, list(inputs[: job.carried]), list(inputs[job.carried :]), length=job.steps)[1]
