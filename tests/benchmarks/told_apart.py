"""Are slow solutions told apart from an equal one?  100 runs of each, idle and beside a busy process.

    python tests/benchmarks/run.py told-apart [--runs 100] [--busy]

A solution that computes everything one and a half times, two that loop over the batch (in Python, unrolled by the
trace; and as a loop in the program), and one that is equal to the reference are timed against the reference the way
grading does it.  Counted is how often the verdict is the right one: points in full for the equal one, and never for the
others.
"""

from __future__ import annotations

import collections
import multiprocessing
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from autograder.checks import SPEED_BANDS
from autograder.judge.device.budget import Stopwatch
from autograder.judge.device.requests import Task, modules, programs_header
from autograder.judge.intervals import interval, settled, share
from autograder.judge.performance.testbed import TIMING_SECONDS, Testbed
from autograder.sandbox.inside.lowering import export_call

SIZES = (256, 256, 256, 10)
BATCH = 64


def _layers(x, ws):
    for w in ws[:-1]:
        x = jnp.tanh(x @ w)
    return x @ ws[-1]


def reference(x, *ws):
    return _layers(x, ws)


def equal(x, *ws):
    h = x
    for i, w in enumerate(ws):
        h = jnp.einsum("ni,io->no", h, w)
        h = jnp.tanh(h) if i < len(ws) - 1 else h
    return h


def one_and_a_half(x, *ws):
    """Every second row is computed twice, from inputs that XLA cannot see to be the same."""
    again = _layers(x[::2] + 1e-20 * jnp.sum(x[0]) * 0 + jax.lax.optimization_barrier(jnp.float32(0)), ws)
    return _layers(x, ws).at[::2].set(again)


def loop(x, *ws):
    return jnp.stack([_layers(x[i], ws) for i in range(BATCH)])


def sequential(x, *ws):
    """The same loop, kept as a loop in the program: nothing is fused across rows."""
    return jax.lax.map(lambda row: _layers(row, ws), x)


VARIANTS: dict[str, Callable] = {
    "equal": equal,
    "1.5 times the work": one_and_a_half,
    "loop over the batch": loop,
    "sequential loop": sequential,
}


def main(runs: int, busy: bool, only: str = "") -> None:
    burner = multiprocessing.get_context("spawn").Process(target=_burn, daemon=True)
    if busy:
        burner.start()
    testbed = Testbed("cpu", 4000)
    print(testbed.worker.start(), "with a busy process beside it" if busy else "otherwise idle")
    weights = [["a", [a, b], "float32"] for a, b in zip(SIZES, SIZES[1:], strict=False)]
    specs = [["a", [BATCH, SIZES[0]], "float32"], *weights]
    out = [["a", [BATCH, SIZES[-1]], "float32"]]
    rng = np.random.default_rng(0)
    sets = [[(rng.normal(size=s[1]) / np.sqrt(s[1][-1])).astype(np.float32) for s in specs] for _ in range(4)]
    programs = {name: _module(f, specs) for name, f in {"reference": reference, **VARIANTS}.items()}
    try:
        for name in [v for v in VARIANTS if only in v]:
            verdicts: collections.Counter[str] = collections.Counter()
            ratios, pairs, began = [], [], time.monotonic()
            for _ in range(runs):
                answer = _compare(testbed, programs[name], programs["reference"], specs, out, sets)
                found = interval(answer["ratios"])
                ratios.append(1 / found.median)
                pairs.append(len(answer["ratios"]))
                done = settled(SPEED_BANDS, found, pairs[-1])
                verdicts["inconclusive" if not done else f"{share(SPEED_BANDS, found.low):.0%} of the points"] += 1
            print(
                f"{name:<22} {np.median(ratios):6.2f} times as long ({np.min(ratios):.2f} to {np.max(ratios):.2f}), "
                f"{np.median(pairs):.0f} pairs, {(time.monotonic() - began) / runs:.1f} s a run: "
                + ", ".join(f"{k} in {v}" for k, v in verdicts.most_common())
            )
    finally:
        testbed.close()
        if busy:
            burner.kill()


def _module(function: Callable, specs: list) -> bytes:
    call = {
        "function": "f",
        "args": specs,
        "static": "{}",
        "vjp": None,
        "precision": "default",
    }
    student = type("Student", (), {"f": staticmethod(function)})
    return export_call(call, student, None, frozenset())[-1]


def _compare(testbed: Testbed, mine: bytes, theirs: bytes, specs: list, out: list, sets: list) -> dict:
    pair = [Task(name, module, tuple(specs), tuple(out)) for name, module in (("student", mine), ("reference", theirs))]
    header = {"do": "time", "programs": programs_header(pair), "sets": len(sets), "measured": len(sets)}
    payload = modules(pair) + b"".join(x.tobytes() for xs in sets for x in xs)
    with testbed.alone():
        request = header | {"bands": SPEED_BANDS, "seconds": TIMING_SECONDS}
        answer = testbed.worker.ask(request, payload, Stopwatch(120))[0]
    if "error" in answer:
        raise SystemExit(f"{answer}")
    return answer


def _burn() -> None:
    while True:
        sum(range(10_000))
