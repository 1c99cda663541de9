"""A whole class through the command line: submissions per minute and memory, with crashes and a kill in the middle.

python tests/benchmarks/run.py class [--count 500]
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "tests" / "course"
CRASHES = ("exhausts_memory.py", "endless_program.py", "loops_in_function.py")


def main(count: int) -> None:
    solution = (COURSE / "reference" / "toy" / "solution.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        work, out = Path(folder) / "work", Path(folder) / "out"
        work.mkdir()
        for i in range(count - len(CRASHES)):  # every one a program of its own
            text = solution.replace("0.9 *", f"{0.5 + i / 10_000:.4f} *")
            (work / f"s{i:04}.py").write_text(f"# {i}\n{text}")
        for name in CRASHES:
            shutil.copy(ROOT / "tests" / "attacks" / name, work / name)
        began = time.monotonic()
        first, done = _run(work, out, stop_at=count // 2)
        second, _ = _run(work, out)
        seconds = time.monotonic() - began
        stored = len(list((out / "results").glob("*.json")))
        print(
            f"{count} submissions, killed once after {done}: {stored} results, {60 * count / seconds:.0f} per minute, "
            f"main process {max(first, second):.0f} MB at most"
        )


def _run(work: Path, out: Path, stop_at: int = 0) -> tuple[float, int]:
    """Grade, and kill the command when ``stop_at`` results are stored; peak memory in MB, and how many were there."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        work,
        "-a",
        "toy",
        "--root",
        COURSE,
        "--quick",
        "-q",
        "-o",
        out,
    ]
    environment = {**os.environ, "AUTOGRADER_KEY": "0" * 32, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL)
    peak, there, watched = 0.0, 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        there = sum(1 for _ in (out / "results").glob("*.json")) if out.exists() else 0
        if stop_at and there >= stop_at:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.2)
    process.wait()
    return peak, there
