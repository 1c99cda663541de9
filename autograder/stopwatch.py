"""Time and count two programs against each other, in the process that holds the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from autograder import hlo
from autograder.timing import interval, settled

SAMPLE_SECONDS = 0.004
MAX_CALLS = 200
MAX_PAIRS = 400
# Largest relative error of a timed output: speed is measured at the device's own matmul precision.
SAME = {"cpu": 1e-3, "gpu": 2e-2, "tpu": 5e-2}


class Different(ValueError):
    """A timed program did not answer what the reference answers."""


def compare_speed(
    student: Callable[..., Any],
    reference: Callable[..., Any],
    inputs: Sequence[Sequence[np.ndarray]],
    bands: Sequence[tuple[float, float]],
    seconds: float,
) -> dict[str, Any]:
    """Time both programs in turn, A B B A, on fresh inputs, until the ratio is settled or time is up.

    Returns:
      ``ratios`` (reference time / student time, by pair) and times in seconds: ``compile``, ``first`` and
      ``steady`` per call for both sides.

    Raises:
      Different: when any timed output of the student's program is not the reference's.
    """
    sets = [[jax.device_put(x) for x in xs] for xs in inputs]
    (mine, mine_compile), (theirs, theirs_compile) = _compiled(student, sets[0]), _compiled(reference, sets[0])
    mine_first, theirs_first = _sample(mine, sets[:1], 1)[0], _sample(theirs, sets[:1], 1)[0]
    expected = [jax.block_until_ready(theirs(*xs)) for xs in sets]
    gap = jax.jit(_gap)
    limit = SAME.get(jax.default_backend(), 2e-2)
    slowest = max(_sample(mine, sets, 2)[0], _sample(theirs, sets, 2)[0]) / 2
    calls = int(min(MAX_CALLS, max(1, SAMPLE_SECONDS / max(slowest, 1e-7))))
    ratios: list[float] = []
    mine_times: list[float] = []
    theirs_times: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(ratios) < MAX_PAIRS:
        if time.perf_counter() > deadline and len(ratios) >= 3:
            break
        sides = [(theirs, theirs_times), (mine, mine_times)]
        for program, times in sides if len(ratios) % 2 else sides[::-1]:
            took, outputs = _sample(program, sets, calls)
            times.append(took / calls)
            if program is mine:
                for i, output in enumerate(outputs):
                    if not float(gap(output, expected[i % len(sets)])) <= limit:
                        raise Different(f"call {i + 1} of a timed run")
        ratios.append(theirs_times[-1] / mine_times[-1])
        if settled(bands, interval(ratios), len(ratios)):
            break
    return {
        "ratios": ratios,
        "compile": [mine_compile, theirs_compile],
        "first": [mine_first, theirs_first],
        "steady": [float(np.median(mine_times)), float(np.median(theirs_times))],
    }


def count_cost(program: Callable[..., Any], inputs: Sequence[Any]) -> dict[str, float | None]:
    """Operations, bytes and temporary bytes of a compiled program; None where a loop hides them."""
    compiled = jax.jit(program).lower(*inputs).compile()
    text, memory = compiled.as_text() or "", compiled.memory_analysis()
    analysis = compiled.cost_analysis() or {}
    flops, moved = analysis.get("flops"), analysis.get("bytes accessed")
    if hlo.loops(text):
        counted = hlo.count(text)
        flops, moved = (None, None) if counted is None else (counted.flops, counted.bytes)
    return {
        "flops": None if flops is None else float(flops),
        "bytes": None if moved is None else float(moved),
        "temporary": float(memory.temp_size_in_bytes) if memory is not None else None,
    }


def roofline() -> dict[str, float]:
    """Measure what this device can do: copy bandwidth in bytes/s and float32 matmul rate in FLOP/s."""
    n, m = (4096, 1 << 28) if jax.default_backend() != "cpu" else (1024, 1 << 24)
    x = jax.numpy.ones((m,), jax.numpy.float32)
    a = jax.numpy.ones((n, n), jax.numpy.float32)
    copy, _ = _compiled(lambda v: [v + 1.0], [x])
    product, _ = _compiled(lambda u, v: [u @ v], [a, a])
    copies = [_sample(copy, [[x]], 3)[0] / 3 for _ in range(7)]
    products = [_sample(product, [[a, a]], 3)[0] / 3 for _ in range(7)]
    return {"bandwidth": 8.0 * m / min(copies), "matmul": 2.0 * n**3 / min(products)}


def speed(program: Callable[..., Any], inputs: Sequence[Sequence[np.ndarray]]) -> float:
    """Median seconds per call of one program."""
    sets = [[jax.device_put(x) for x in xs] for xs in inputs]
    compiled, _ = _compiled(program, sets[0])
    once = _sample(compiled, sets, 2)[0] / 2
    calls = int(min(MAX_CALLS, max(1, SAMPLE_SECONDS / max(once, 1e-7))))
    return float(np.median([_sample(compiled, sets, calls)[0] / calls for _ in range(15)]))


def _compiled(program: Callable[..., Any], inputs: Sequence[Any]) -> tuple[Callable[..., Any], float]:
    started = time.perf_counter()
    compiled = jax.jit(lambda *xs: list(program(*xs))).lower(*inputs).compile()
    return compiled, time.perf_counter() - started


def _sample(program: Callable[..., Any], sets: Sequence[Sequence[Any]], calls: int) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    outputs = [program(*sets[i % len(sets)]) for i in range(calls)]
    jax.block_until_ready(outputs)
    return time.perf_counter() - started, outputs


def _gap(actual: Sequence[jax.Array], expected: Sequence[jax.Array]) -> jax.Array:
    """Largest rms error over the leaves, relative to the rms of the reference; NaN counts as infinite."""
    gaps = [
        jax.numpy.sqrt(jax.numpy.mean((a - e) ** 2) / jax.numpy.maximum(jax.numpy.mean(e**2), 1e-12))
        for a, e in zip(actual, expected, strict=True)
        if jax.numpy.issubdtype(e.dtype, jax.numpy.floating)
    ]
    worst = jax.numpy.max(jax.numpy.stack(gaps)) if gaps else jax.numpy.float32(0)
    return jax.numpy.where(jax.numpy.isnan(worst), jax.numpy.inf, worst)
