"""What a submission costs: processor seconds and submissions per minute, against pytest in fresh interpreters.

python tests/benchmarks/run.py cost [--count 50] [--peers 5]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from submissions import distinct, partly_equal

from autograder.assignment.load import load
from autograder.assignment.seed import PUBLIC
from autograder.grading.batch import grade_many
from autograder.grading.draws import Draws
from autograder.grading.grade import Session, grade_one
from autograder.grading.options import RunOptions
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.sandbox import bubblewrap
from autograder.submission.read import find_submissions

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    name: str
    start: float  # CPU seconds of one submission: importing JAX in the sandbox
    trace: float
    judge: float  # compiling and running in the worker
    own: float  # reading, screening, comparing, scoring
    per_minute: float

    @property
    def total(self) -> float:
        return self.start + self.trace + self.judge + self.own


def main(count: int, peers: int) -> None:
    assignment = load("backprop", ROOT)
    draws = Draws(assignment, PUBLIC.keys(assignment.slug))
    draws.get(0)
    styles = ROOT / "reference" / "backprop"
    sources = [p.read_text() for p in (styles / "solution.py", *sorted((styles / "styles").glob("*.py")))]
    sources = [s for s in sources if "import jax\n" in s and "import jax.numpy as jnp" in s]
    names = [f for f in assignment.functions if f not in ("mlp_init", "relu_grad")]  # judged by exact properties
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder) / "distinct", Path(folder) / "equal"
        distinct(one, sources, names, count)
        partly_equal(two, sources, names, count, count * 3 // 5)
        rows = []
        for name, where in ((f"{count} distinct", one), (f"{count}, {count * 3 // 5} of them equal", two)):
            session = Session(draws, bubblewrap.probe(), ResultCache())
            rows.append(_measure(name, find_submissions(where), session, Path(folder) / f"out-{where.name}"))
        equal = list(find_submissions(two))[: count * 3 // 5]
        session = Session(draws, bubblewrap.probe(), ResultCache())
        rows.append(_measure("only the equal ones", equal, session, Path(folder) / "out-only"))
        _show(rows)
        fresh = _peers(find_submissions(one)[:peers])
    print(f"{'pytest, fresh interpreter':<28}{fresh:>11.2f}   ratio to distinct: {fresh / rows[0].total:.1f}")


def _show(rows: list[Cost]) -> None:
    print(f"{'submissions':<28}{'CPU s each':>11}{'start':>8}{'trace':>8}{'judge':>8}{'own':>8}{'per minute':>12}")
    for r in rows:
        print(
            f"{r.name:<28}{r.total:>11.2f}{r.start:>8.2f}{r.trace:>8.2f}{r.judge:>8.2f}{r.own:>8.2f}{r.per_minute:>12.1f}"
        )


def _measure(name: str, paths: list[Path], session: Session, folder: Path) -> Cost:
    """CPU seconds from one submission after the other; submissions per minute from a run on all cores."""
    evaluator = Evaluator("cpu")
    evaluator.start()
    grade_one(paths[0], session, evaluator)  # warm-up: the first compilation also loads the compiler
    worker = psutil.Process(evaluator.worker.process_id())
    starts, traces, before, own = [], [], _cpu(worker), _own()
    fresh = Session(session.draws, session.sandbox, ResultCache())
    for path in paths:
        result = grade_one(path, fresh, evaluator)
        if any(c.outcome not in ("passed", "left out") for c in result.checks):
            raise SystemExit(f"{path.name} should be right: {[c.message for c in result.checks if c.message]}")
        starts.append(result.provenance.seconds["start (cpu)"])
        traces.append(result.provenance.seconds["trace (cpu)"])
    judge, own = (_cpu(worker) - before) / len(paths), (_own() - own) / len(paths)
    evaluator.close()
    began = time.monotonic()
    anew = Session(session.draws, session.sandbox, ResultCache())
    grade_many(paths, anew, folder, RunOptions(device="cpu", quick=True))
    rate = 60 * len(paths) / (time.monotonic() - began)
    return Cost(name, statistics.mean(starts), statistics.mean(traces), judge, own, rate)


def _peers(paths: list[Path]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for path in paths:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
        command += [str(Path(__file__).with_name("peer.py"))]
        environment = dict(os.environ) | {"SUBMISSION": str(path), "ROOT": str(ROOT), "JAX_PLATFORMS": "cpu"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"pytest failed on {path.name}: {done.stdout[-800:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(paths)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _own() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
