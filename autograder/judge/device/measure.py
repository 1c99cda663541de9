"""Time and count two programs against each other, in the process that holds the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from autograder.judge.device import hlo
from autograder.judge.device.comparison import (
    BrokenReferenceError,
    DifferentOutputsError,
    FailedProgramError,
    blaming,
    compare_outputs,
    gap,
    same_limit,
)
from autograder.judge.intervals import interval, settled

SAMPLE_SECONDS = 0.004
MAX_CALLS = 200
MAX_PAIRS = 400


def compare_speed(
    student: Callable[..., Any],
    reference: Callable[..., Any],
    inputs: Sequence[Sequence[np.ndarray]],
    measured: int,
    bands: Sequence[tuple[float, float]],
    seconds: float,
) -> dict[str, Any]:
    """Time both programs in turn, A B B A, on fresh inputs, until the ratio is settled or time is up.

    Both sides of a pair meet the same disturbances of a shared machine, so only ratios of pairs are judged.

    Args:
      student: from flat inputs to flat outputs.
      reference: of the same signature.
      inputs: lists of flat inputs, on all of which the outputs are compared before anything is timed.
      measured: how many of them are timed, in turn.
      bands: (least ratio, share of the points); a ratio is settled when its interval lies in one band.
      seconds: budget after compiling.

    Returns:
      ``ratios`` (reference time / student time, by pair, without unit) and times in seconds for both sides,
      the student's first: ``compile``, ``first`` (one call) and ``steady`` (median of one call).

    Raises:
      BrokenReferenceError: the reference's program failed.
      FailedProgramError: the student's program failed.
      DifferentOutputsError: an output differs from the reference's, before the timing or in a timed call.

    References:
      Georges, Buytaert, Eeckhout, Statistically Rigorous Java Performance Evaluation, OOPSLA 2007.
    """
    sets = [[jax.device_put(x) for x in xs] for xs in inputs]
    compiled, compile_seconds = _pair(student, reference, sets[0])
    expected = compare_outputs(*compiled, sets)[:measured]
    sets = sets[:measured]
    first_seconds = [_sample(program, sets[:1], 1)[0] for program in compiled]
    limit = same_limit()
    slowest = max(_sample(program, sets, 2)[0] for program in compiled) / 2
    calls = int(min(MAX_CALLS, max(1, SAMPLE_SECONDS / max(slowest, 1e-7))))
    ratios: list[float] = []
    times: tuple[list[float], list[float]] = [], []
    deadline = time.perf_counter() + seconds
    while len(ratios) < MAX_PAIRS:
        if time.perf_counter() > deadline and len(ratios) >= 3:
            break
        for side in (1, 0) if len(ratios) % 2 else (0, 1):  # 0: the student's program
            took, outputs = _sample(compiled[side], sets, calls)
            times[side].append(took / calls)
            for i, output in enumerate(outputs if side == 0 else ()):
                if not gap(output, expected[i % len(sets)]) <= limit:
                    raise DifferentOutputsError(f"call {i + 1} of a timed run")
        ratios.append(times[1][-1] / times[0][-1])
        if settled(bands, interval(ratios), len(ratios)):
            break
    return {
        "ratios": ratios,
        "compile": compile_seconds,
        "first": first_seconds,
        "steady": [float(np.median(side)) for side in times],
    }


def compare_cost(
    student: Callable[..., Any], reference: Callable[..., Any], inputs: Sequence[Sequence[np.ndarray]]
) -> dict[str, dict[str, float | None]]:
    """Count what both programs need, once they gave the same outputs on all inputs.

    Args:
      student: from flat inputs to flat outputs.
      reference: of the same signature.
      inputs: lists of flat inputs.

    Returns:
      What :func:`count_cost` says of each: ``student`` and ``reference``.

    Raises:
      BrokenReferenceError: the reference's program failed.
      FailedProgramError: the student's program failed.
      DifferentOutputsError: an output differs from the reference's.
    """
    compiled, _ = _pair(student, reference, inputs[0])
    compare_outputs(*compiled, inputs)
    with blaming(FailedProgramError):
        mine = count_cost(compiled[0])
    return {"student": mine, "reference": count_cost(compiled[1])}


def count_cost(compiled: Any) -> dict[str, float | None]:
    """Count what one call of a compiled program needs.

    Returns:
      ``flops`` (floating-point operations), ``bytes`` (read and written) and ``temporary`` (bytes of temporary
      arrays); None for what XLA does not know, and where a loop of unknown length hides a count.
    """
    text, memory = compiled.as_text() or "", compiled.memory_analysis()
    analysis = compiled.cost_analysis() or {}
    flops, moved = analysis.get("flops"), analysis.get("bytes accessed")
    if hlo.loops(text):
        counted = hlo.count(text)
        flops, moved = (None, None) if counted is None else (counted.flops, counted.bytes)
    temporary = memory.temp_size_in_bytes if memory is not None else None
    return {"flops": _count(flops), "bytes": _count(moved), "temporary": _count(temporary)}


def _count(value: float | None) -> float | None:
    """Return a count as a number; None for one that is unknown, which XLA also writes as -1."""
    return float(value) if value is not None and np.isfinite(value) and value >= 0 else None


def roofline() -> dict[str, float]:
    """Measure what this device can do: copy bandwidth in bytes/s and float32 matmul rate in FLOP/s.

    References:
      Williams, Waterman, Patterson, Roofline: An Insightful Visual Performance Model for Multicore
      Architectures, Communications of the ACM, 2009.
    """
    n, m = (4096, 1 << 28) if jax.default_backend() != "cpu" else (1024, 1 << 24)
    x = jax.numpy.ones((m,), jax.numpy.float32)
    a = jax.numpy.ones((n, n), jax.numpy.float32)
    copy, _ = _compiled(lambda v: [v + 1.0], [x])
    product, _ = _compiled(lambda u, v: [u @ v], [a, a])
    copies = [_sample(copy, [[x]], 3)[0] / 3 for _ in range(7)]
    products = [_sample(product, [[a, a]], 3)[0] / 3 for _ in range(7)]
    return {"bandwidth": 8.0 * m / min(copies), "matmul": 2.0 * n**3 / min(products)}


def speed(program: Callable[..., Any], inputs: Sequence[Sequence[np.ndarray]]) -> dict[str, float | None]:
    """Return the median ``seconds`` of one call, over fifteen samples on inputs used in turn, with its cost."""
    sets = [[jax.device_put(x) for x in xs] for xs in inputs]
    compiled, _ = _compiled(program, sets[0])
    once = _sample(compiled, sets, 2)[0] / 2
    calls = int(min(MAX_CALLS, max(1, SAMPLE_SECONDS / max(once, 1e-7))))
    seconds = float(np.median([_sample(compiled, sets, calls)[0] / calls for _ in range(15)]))
    return {"seconds": seconds, **count_cost(compiled)}


def _pair(
    student: Callable[..., Any], reference: Callable[..., Any], inputs: Sequence[Any]
) -> tuple[tuple[Any, Any], list[float]]:
    """Compile both programs, the reference's first: where it fails, the fault is ours.

    Raises:
      BrokenReferenceError: the reference's program does not compile.
      FailedProgramError: the student's program does not compile.
    """
    with blaming(BrokenReferenceError):
        trusted, trusted_seconds = _compiled(reference, inputs)
    with blaming(FailedProgramError):
        compiled, seconds = _compiled(student, inputs)
    return (compiled, trusted), [seconds, trusted_seconds]


def _compiled(program: Callable[..., Any], inputs: Sequence[Any]) -> tuple[Any, float]:
    """Compile a program for the shapes of its inputs; return the executable and the seconds it took."""
    started = time.perf_counter()
    compiled = jax.jit(lambda *xs: list(program(*xs))).lower(*inputs).compile()
    return compiled, time.perf_counter() - started


def _sample(program: Callable[..., Any], sets: Sequence[Sequence[Any]], calls: int) -> tuple[float, list[Any]]:
    """Call a program on sets of inputs in turn; return the seconds of all calls and their outputs."""
    started = time.perf_counter()
    outputs = [program(*sets[i % len(sets)]) for i in range(calls)]
    jax.block_until_ready(outputs)
    return time.perf_counter() - started, outputs
