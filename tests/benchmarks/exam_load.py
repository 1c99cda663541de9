"""500 students take an exam in the browser at the same time: how quick it is, and whether an answer is ever lost.

python tests/benchmarks/run.py exam [--count 500] [--minutes 3] [--kill] [--postgres]
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import exam_crowd
import psutil
from helpers import postgres
from helpers.served import ROOT, Server, answers_for, compare, shown_of, sign_in_links, store_of

from autograder.exam.forms import read_folder

EXAM = """
id = "load"
title = "Deep learning: the final"
minutes = 240
drafts = true
[[section]]
title = "Basics"
text = "Answer **all** questions. $e^x$"
[[section.cell]]
count = 20
points = 1
[[section]]
title = "More"
[[section.cell]]
count = 10
points = 2
"""
VARIANTS = 5  # of an answer: more often than that nobody changes one
EVERY = 0.5  # seconds between two looks at the server
DOWN = 3.0  # seconds between kill -9 and the new start


@dataclasses.dataclass
class Watched:
    """What the server took; ``idle`` is what the whole machine left over, in processor seconds."""

    cpu: float = 0.0
    peak: float = 0.0
    seconds: float = 0.0
    idle: float = 0.0


def main(count: int, minutes: float, kill: bool, on_postgres: bool) -> None:
    """Let ``count`` students take it for some minutes, and say what became of their answers."""
    with tempfile.TemporaryDirectory() as name, _database(on_postgres) as db:
        folder = build(count, Path(name))
        server = Server(folder, db, "--quiet")
        plan = _plan(folder, db, server.base, 60 * minutes)
        with server:
            seen, watched = _take(plan, server, Path(name) / "plan.json", kill)
        forms = {form.student: form for form in read_folder(folder)[1]}
        with store_of(folder, db) as store:
            there, wrong = compare(seen["kept"], store, forms)
        _show(count, seen, watched, "PostgreSQL" if on_postgres else "SQLite")
    print(f"acknowledged {len(seen['kept'])}, in the store {there}, wrong or missing {len(wrong)}")
    print(*wrong[:10], *seen["refused"][:10], sep="\n")
    if wrong or seen["refused"] or seen["unsent"] or there != len(seen["kept"]):
        raise SystemExit(f"answers were lost or doubled; not handed in: {seen['unsent'][:10]}")


def build(count: int, folder: Path) -> Path:
    """An exam of 30 items of the course's bank for ``count`` students, no two with the same form."""
    (folder / "exam.toml").write_text(EXAM)
    (folder / "roster.csv").write_text("id,name\n" + "".join(f"s{n:03},Student {n}\n" for n in range(count)))
    (folder / "key").write_text("0" * 32)
    command = [sys.executable, "-m", "autograder", "exam", "build", folder / "exam.toml", "-o", folder / "forms"]
    command += ["--bank", ROOT / "question_bank" / "bank", "--roster", folder / "roster.csv"]
    subprocess.run([*map(str, command), "--key-file", str(folder / "key")], cwd=ROOT, check=True)
    return folder / "forms"


@contextlib.contextmanager
def _database(on_postgres: bool) -> Iterator[str]:
    if not on_postgres:
        yield ""
        return
    with postgres.server() as url:
        yield url


def _plan(folder: Path, db: str, base: str, seconds: float) -> exam_crowd.Plan:
    draw = random.Random(1)
    answers = {
        form.student: [
            (name, answers_for(shown, draw)) for name, shown in shown_of(form).items() for _ in range(VARIANTS)
        ]
        for form in read_folder(folder)[1]
    }
    return exam_crowd.Plan(base, sign_in_links(folder, db), answers, seconds)


def _take(plan: exam_crowd.Plan, server: Server, path: Path, kill: bool) -> tuple[dict[str, Any], Watched]:
    """Run the crowd in its own process; with ``kill``, kill the server when half of the time is over."""
    path.write_text(json.dumps(dataclasses.asdict(plan)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    crowd = subprocess.Popen([sys.executable, exam_crowd.__file__, str(path)], env=environment)
    watched, began = Watched(), time.monotonic()
    idle, before = psutil.cpu_times().idle, 0.0
    try:
        while crowd.poll() is None:
            assert server.process is not None
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(server.process.pid)
                times = process.cpu_times()
                before, last = times.user + times.system, before
                watched.cpu += max(0.0, before - last)
                watched.peak = max(watched.peak, process.memory_info().rss / 1e6)
            if kill and time.monotonic() - began > plan.seconds / 2:
                kill, before = False, 0.0
                server.kill()
                time.sleep(DOWN)
                server.start()
            if time.monotonic() - began > plan.seconds + 2 * exam_crowd.PATIENCE:
                raise SystemExit("the crowd does not come to an end")
            time.sleep(EVERY)
    finally:
        crowd.kill()
        crowd.wait(timeout=30)
    watched.seconds = time.monotonic() - began
    watched.idle = psutil.cpu_times().idle - idle
    return json.loads(path.with_suffix(".seen.json").read_text()), watched


def _show(count: int, seen: dict[str, Any], watched: Watched, store: str) -> None:
    """Print the table of README.md."""
    requests, signed_in = sum(map(len, seen["times"].values())), seen["signed_in"]
    print(f"\n{count} students, {store}; all of them signed in and begun after {signed_in:.1f} s")
    print("| request | count | median ms | 95 % | 99 % | longest |\n|---|---|---|---|---|---|")
    for what, all_times in seen["times"].items():
        _row(f"{what}, all sign in at once", [s for at, s in all_times if at <= signed_in])
        _row(f"{what}", [s for at, s in all_times if at > signed_in])
    _row("(how late the takers themselves were)", seen["lags"])
    print(f"{requests / watched.seconds:.0f} requests/s over {watched.seconds:.0f} s; tried again: {seen['errors']}")
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"server: {watched.cpu / watched.seconds:.2f} cores, {watched.peak:.0f} MB at most", end="; ")
    print(f"machine: load average {load}, {watched.idle / watched.seconds:.2f} of {os.cpu_count()} cores idle")


def _row(what: str, seconds: list[float]) -> None:
    if times := sorted(1000 * s for s in seconds):
        spots = [times[min(len(times) - 1, int(len(times) * q))] for q in (0.5, 0.95, 0.99, 1)]
        print(f"| {what} | {len(times)} | " + " | ".join(f"{n:.0f}" for n in spots) + " |")
